#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/pipe_channel.hpp"
#include "engine/stream_transport.hpp"
#include "support/drive_reactor.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;
using Direction = PipeChannel::Direction;

PipeChannel open_channel(FileDescriptor fd, Direction direction) {
    std::error_code error;
    PipeChannel channel = PipeChannel::open(std::move(fd), direction, error);
    EXPECT_FALSE(error) << error.message();
    return channel;
}

bool is_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0; }

ssize_t write_text(PipeChannel& channel, std::string text) {
    const std::array<iovec, 1> pieces{{{text.data(), text.size()}}};
    return channel.write(pieces);
}

std::string read_text(PipeChannel& channel) {
    std::array<std::byte, 100> into{};
    const ssize_t count = channel.read(into);
    return count < 0
               ? "errno " + std::to_string(errno)
               : std::string(reinterpret_cast<char*>(into.data()), static_cast<std::size_t>(count));
}

/// A pseudo-terminal: the side of the terminal emulator, and the side of the program running in it.
std::pair<FileDescriptor, FileDescriptor> open_terminal() {
    FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ::grantpt(master.fileno());
    ::unlockpt(master.fileno());
    FileDescriptor slave(::open(::ptsname(master.fileno()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios raw{};
    ::tcgetattr(slave.fileno(), &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave.fileno(), TCSANOW, &raw);
    return {std::move(master), std::move(slave)};
}

TEST(QuietWrite, WritesToAClosedPipeWithoutASignal) {
    // SIGPIPE has its default action here, which would end the test.
    ASSERT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL);
    auto [read_end, write_end] = FileDescriptor::pipe();
    read_end.close();
    std::string text = "x";
    const std::array<iovec, 1> pieces{{{text.data(), text.size()}}};
    QuietWrite quiet;
    EXPECT_EQ(quiet(write_end.fileno(), pieces), -1);
    EXPECT_EQ(errno, EPIPE);
    EXPECT_EQ(QuietWrite::with_signal_blocked(write_end.fileno(), pieces), -1);
    EXPECT_EQ(errno, EPIPE);
}

TEST(QuietWrite, LeavesASignalThatWasPendingBefore) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    read_end.close();
    sigset_t pipe_signal;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ::raise(SIGPIPE);
    std::string text = "x";
    const std::array<iovec, 1> pieces{{{text.data(), text.size()}}};
    EXPECT_EQ(QuietWrite::with_signal_blocked(write_end.fileno(), pieces), -1);
    ::sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 1);
    const timespec at_once{};
    EXPECT_EQ(::sigtimedwait(&pipe_signal, nullptr, &at_once), SIGPIPE);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(PipeChannel, DoesNotWaitAndOthersOfTheSamePipeStillDo) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    const FileDescriptor shared = FileDescriptor::duplicate(read_end.fileno());
    PipeChannel channel = open_channel(std::move(read_end), Direction::read);
    EXPECT_EQ(read_text(channel), "errno " + std::to_string(EAGAIN));
    EXPECT_TRUE(is_blocking(shared.fileno()));
}

TEST(PipeChannel, AWriterDoesNotWaitEither) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    const FileDescriptor shared = FileDescriptor::duplicate(write_end.fileno());
    PipeChannel channel = open_channel(std::move(write_end), Direction::write);
    while (write_text(channel, std::string(4096, 'x')) > 0) {
    }
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_TRUE(is_blocking(shared.fileno()));
}

TEST(PipeChannel, ATerminalIsLeftAsTheShellNeedsIt) {
    auto [master, slave] = open_terminal();
    const FileDescriptor shells = FileDescriptor::duplicate(slave.fileno());
    PipeChannel channel = open_channel(std::move(slave), Direction::read);
    EXPECT_STREQ(channel.name(), "a terminal");
    EXPECT_EQ(read_text(channel), "errno " + std::to_string(EAGAIN));
    EXPECT_TRUE(is_blocking(shells.fileno()));
    ASSERT_EQ(::write(master.fileno(), "typed\n", 6), 6);
    EXPECT_EQ(read_text(channel), "typed\n");
}

TEST(PipeChannel, ATerminalsMasterStaysTheSameTerminal) {
    auto [master, slave] = open_terminal();
    const FileDescriptor shared = FileDescriptor::duplicate(master.fileno());
    {
        PipeChannel channel = open_channel(std::move(master), Direction::read);
        EXPECT_FALSE(is_blocking(shared.fileno()));
        ASSERT_EQ(::write(slave.fileno(), "shown", 5), 5);
        EXPECT_EQ(read_text(channel), "shown");
    }
    EXPECT_TRUE(is_blocking(shared.fileno())) << "the flag must be reset";
}

TEST(PipeChannel, ANonBlockingDescriptorStaysUnchanged) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    ::fcntl(read_end.fileno(), F_SETFL, O_NONBLOCK);
    const FileDescriptor shared = FileDescriptor::duplicate(read_end.fileno());
    const int number = read_end.fileno();
    {
        PipeChannel channel = open_channel(std::move(read_end), Direction::read);
        EXPECT_EQ(channel.fileno(), number);
    }
    EXPECT_FALSE(is_blocking(shared.fileno()));
}

TEST(PipeChannel, ASocketIsNotTouched) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const FileDescriptor far(ends[1]);
    PipeChannel channel = open_channel(FileDescriptor(ends[0]), Direction::read);
    EXPECT_EQ(read_text(channel), "errno " + std::to_string(EAGAIN));
    EXPECT_TRUE(is_blocking(channel.fileno()));
}

TEST(PipeChannel, RefusesADescriptorThatIsNotAByteStream) {
    std::error_code error;
    static_cast<void>(
        PipeChannel::open(FileDescriptor(::eventfd(0, EFD_CLOEXEC)), Direction::read, error));
    EXPECT_EQ(error, std::errc::invalid_argument);
    static_cast<void>(PipeChannel::open(FileDescriptor(::open("/", O_RDONLY | O_CLOEXEC)),
                                        Direction::read, error));
    EXPECT_EQ(error, std::errc::invalid_argument);
}

TEST(PipeChannel, RefusesTheWrongEnd) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    std::error_code error;
    static_cast<void>(PipeChannel::open(std::move(read_end), Direction::write, error));
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    static_cast<void>(PipeChannel::open(std::move(write_end), Direction::read, error));
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
}

// -- with a transport
// ------------------------------------------------------------------------------

struct Recorder final : StreamHandler {
    std::string received;
    int eofs = 0;
    int closes = 0;
    int pauses = 0;
    int resumes = 0;
    std::optional<Failure> failure;

    void on_data(std::string_view data) noexcept override { received += data; }
    bool on_eof() noexcept override {
        ++eofs;
        return true;
    }
    void on_closed(const Failure* why) noexcept override {
        ++closes;
        if (why != nullptr) {
            failure = *why;
        }
    }
    void on_pause_writing() noexcept override { ++pauses; }
    void on_resume_writing() noexcept override { ++resumes; }
};

class PipeTransport : public ::testing::Test {
protected:
    void open(FileDescriptor fd, Direction direction) {
        transport = std::make_unique<StreamTransport>(
            reactor, open_channel(std::move(fd), direction), handler);
        transport->start();
    }
    [[nodiscard]] bool is_closed() {
        return run_until(reactor, [&] { return handler.closes > 0; });
    }

    Reactor reactor;
    Recorder handler;
    std::unique_ptr<StreamTransport> transport;
};

TEST_F(PipeTransport, ReadsUpToTheEndAndCloses) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    open(std::move(read_end), Direction::read);
    ASSERT_EQ(::write(write_end.fileno(), "hello", 5), 5);
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received == "hello"; }));
    EXPECT_EQ(handler.closes, 0);
    write_end.close();
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(handler.eofs, 1);
    EXPECT_FALSE(handler.failure);
}

TEST_F(PipeTransport, AClosedReaderIsNoticedWithoutWriting) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    open(std::move(write_end), Direction::write);
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 0);
    read_end.close();
    ASSERT_TRUE(is_closed());
    EXPECT_FALSE(handler.failure); // nothing was lost
}

TEST_F(PipeTransport, AClosedReaderBreaksThePipeForWhatIsQueued) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    open(std::move(write_end), Direction::write);
    transport->write(std::string(1 << 20, 'x'));
    EXPECT_EQ(handler.pauses, 1);
    run_turns(reactor);
    read_end.close();
    ASSERT_TRUE(is_closed());
    ASSERT_TRUE(handler.failure);
    EXPECT_EQ(handler.failure->code, std::errc::broken_pipe);
    EXPECT_EQ(handler.failure->what, "write to a pipe");
}

TEST_F(PipeTransport, WritingEofClosesWhenEverythingIsOut) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    ::fcntl(read_end.fileno(), F_SETFL, O_NONBLOCK);
    open(std::move(write_end), Direction::write);
    const std::string sent(300'000, 'y');
    transport->write(sent);
    transport->write_eof();
    EXPECT_TRUE(transport->is_closing());
    std::string received;
    std::array<char, 4096> part{};
    ssize_t count = -1;
    ASSERT_TRUE(run_until(reactor, [&] {
        while ((count = ::read(read_end.fileno(), part.data(), part.size())) > 0) {
            received.append(part.data(), static_cast<std::size_t>(count));
        }
        return count == 0;
    }));
    EXPECT_EQ(received, sent);
    EXPECT_EQ(handler.closes, 1);
}

TEST_F(PipeTransport, ReadsAFileThatEpollRefuses) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "input";
    const std::string content(700'000, 'z'); // more than one turn reads
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(file.fileno(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    ASSERT_EQ(::lseek(file.fileno(), 0, SEEK_SET), 0);
    open(std::move(file), Direction::read);
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(handler.received, content);
    EXPECT_EQ(handler.eofs, 1);
}

TEST_F(PipeTransport, AFileCanBePaused) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "input";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(file.fileno(), "text", 4), 4);
    ASSERT_EQ(::lseek(file.fileno(), 0, SEEK_SET), 0);
    open(std::move(file), Direction::read);
    transport->pause_reading();
    run_turns(reactor);
    EXPECT_EQ(handler.received, "");
    transport->resume_reading();
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(handler.received, "text");
}

TEST_F(PipeTransport, WritesAFileFromWhereItsDescriptorIs) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "output";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(file.fileno(), "before ", 7), 7);
    open(FileDescriptor::duplicate(file.fileno()), Direction::write);
    transport->write("after");
    transport->close();
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(std::filesystem::file_size(path), 12U);
}

TEST_F(PipeTransport, TheNullDeviceIsAtItsEnd) {
    open(FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), Direction::read);
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(handler.received, "");
    EXPECT_FALSE(handler.failure);
}

TEST_F(PipeTransport, AFifoEndsAfterItsLastWriter) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    FileDescriptor opener(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    FileDescriptor writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(writer.fileno(), "last words", 10), 10);
    writer.close();
    opener.close();
    open(std::move(reader), Direction::read);
    ASSERT_TRUE(is_closed());
    EXPECT_EQ(handler.received, "last words");
}

TEST_F(PipeTransport, ATerminalThatHangsUpIsClosed) {
    auto [master, slave] = open_terminal();
    open(std::move(slave), Direction::read);
    run_turns(reactor);
    master.close();
    ASSERT_TRUE(is_closed());
}

TEST_F(PipeTransport, DestroyingItClosesThePipe) {
    const std::size_t before = open_descriptors();
    {
        auto [read_end, write_end] = FileDescriptor::pipe();
        open(std::move(read_end), Direction::read);
        run_turns(reactor);
        transport.reset();
    }
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
} // namespace hocket::engine
