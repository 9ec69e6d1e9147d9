#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/event_loop.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/gather.hpp>
#include <hocket/pipe_streams.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/wait.hpp>

#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

/// Records the callbacks under their names in Python.
struct Notes : Protocol {
    Log log;
    std::shared_ptr<Transport> transport;

    void connection_made(Transport&) override { log.emplace_back("connection_made"); }
    void data_received(std::string_view data) override { log.emplace_back(data); }
    bool eof_received() override {
        log.emplace_back("eof_received");
        return true;
    }
    void connection_lost(std::exception_ptr error) override {
        try {
            if (error) {
                std::rethrow_exception(error);
            }
            log.emplace_back("connection_lost");
        } catch (const std::exception& lost) {
            log.emplace_back(lost.what());
        }
    }
    void pause_writing() override { log.emplace_back("pause_writing"); }
    void resume_writing() override { log.emplace_back("resume_writing"); }
};

std::shared_ptr<Notes> make_notes() { return std::make_shared<Notes>(); }

/// Redirects stdin or stdout to `fd` as long as it exists.
class Redirected {
public:
    Redirected(int standard, int fd)
        : standard_(standard), before_(FileDescriptor::duplicate(standard)) {
        ::dup2(fd, standard);
    }
    ~Redirected() { ::dup2(before_.fileno(), standard_); }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;

private:
    int standard_;
    FileDescriptor before_;
};

FileDescriptor file_with(const std::filesystem::path& path, std::string_view text) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::write(file.fileno(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::lseek(file.fileno(), 0, SEEK_SET);
    return file;
}

// -- protocols
// -------------------------------------------------------------------------------------

// As in python3.13's connect_read_pipe, the result of eof_received does not keep the pipe open.
TEST(ConnectReadPipe, TellsItsProtocolWhatComesAndTheEnd) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        auto [transport, protocol] =
            co_await get_running_loop().connect_read_pipe(make_notes, std::move(read_end));
        EXPECT_TRUE(transport->is_reading());
        EXPECT_EQ(::write(write_end.fileno(), "hello", 5), 5);
        while (protocol->log.size() < 2) {
            co_await sleep(0s);
        }
        write_end.close();
        while (protocol->log.back() != "connection_lost") {
            co_await sleep(0s);
        }
        EXPECT_EQ(protocol->log,
                  (Log{"connection_made", "hello", "eof_received", "connection_lost"}));
        EXPECT_TRUE(transport->is_closing());
    });
}

TEST(ConnectReadPipe, CanBePaused) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        auto [transport, protocol] =
            co_await get_running_loop().connect_read_pipe(make_notes, std::move(read_end));
        transport->pause_reading();
        EXPECT_EQ(::write(write_end.fileno(), "hello", 5), 5);
        co_await sleep(1ms); // polls the pipe at least once
        EXPECT_EQ(protocol->log, (Log{"connection_made"}));
        transport->resume_reading();
        while (protocol->log.size() < 2) {
            co_await sleep(0s);
        }
        EXPECT_EQ(protocol->log.back(), "hello");
    });
}

TEST(ConnectReadPipe, CannotBeWrittenTo) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        struct Writer : Protocol {
            void connection_made(Transport& transport) override {
                EXPECT_FALSE(transport.can_write_eof());
                EXPECT_THROW(transport.write("x"), RuntimeError);
            }
        };
        auto made = co_await get_running_loop().connect_read_pipe(
            [] { return std::make_shared<Writer>(); }, std::move(read_end));
        made.first->close();
    });
}

TEST(ConnectWritePipe, WritesAndClosesWithWriteEof) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        auto [transport, protocol] =
            co_await get_running_loop().connect_write_pipe(make_notes, std::move(write_end));
        EXPECT_TRUE(transport->can_write_eof());
        transport->write("one ");
        transport->write("two");
        transport->write_eof();
        EXPECT_TRUE(transport->is_closing());
        StreamReader reader = open_pipe_reader(std::move(read_end));
        EXPECT_EQ(co_await reader.read(), "one two");
        EXPECT_EQ(protocol->log, (Log{"connection_made", "connection_lost"}));
    });
}

// python3.13 does the same: connection_lost(None) and connection_lost(BrokenPipeError()).
TEST(ConnectWritePipe, NoticesAClosedReaderWithoutWriting) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        auto [transport, protocol] =
            co_await get_running_loop().connect_write_pipe(make_notes, std::move(write_end));
        read_end.close();
        while (protocol->log.size() < 2) {
            co_await sleep(0s);
        }
        EXPECT_EQ(protocol->log.back(), "connection_lost");
    });
}

TEST(ConnectWritePipe, AClosedReaderIsABrokenPipeForWhatIsQueued) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        auto [transport, protocol] =
            co_await get_running_loop().connect_write_pipe(make_notes, std::move(write_end));
        transport->write(std::string(1 << 20, 'x'));
        EXPECT_GT(transport->get_write_buffer_size(), 0U);
        read_end.close();
        while (protocol->log.size() < 3) {
            co_await sleep(0s);
        }
        EXPECT_EQ(protocol->log,
                  (Log{"connection_made", "pause_writing", "write to a pipe: Broken pipe"}));
    });
}

TEST(ConnectWritePipe, SaysWhatCannotBeAPipe) {
    run([]() -> Coro<> {
        bool refused = false;
        try {
            static_cast<void>(co_await get_running_loop().connect_write_pipe(
                make_notes, FileDescriptor(::eventfd(0, EFD_CLOEXEC))));
        } catch (const ValueError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        auto [read_end, write_end] = FileDescriptor::pipe();
        EXPECT_THROW(static_cast<void>(open_pipe_writer(std::move(read_end))), std::system_error);
    });
}

// -- streams
// ---------------------------------------------------------------------------------------

TEST(PipeStreams, LinesGoThroughAPipe) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        StreamReader reader = open_pipe_reader(std::move(read_end));
        {
            StreamWriter writer = open_pipe_writer(std::move(write_end));
            writer.write("one\ntwo\n");
            co_await writer.drain();
        } // the last writer closes
        EXPECT_EQ(co_await reader.readline(), "one\n");
        EXPECT_EQ(co_await reader.readline(), "two\n");
        EXPECT_EQ(co_await reader.readline(), "");
        EXPECT_TRUE(reader.at_eof());
    });
}

TEST(PipeStreams, TheLastReaderClosesThePipe) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        StreamWriter writer = open_pipe_writer(std::move(write_end));
        {
            const StreamReader reader = open_pipe_reader(std::move(read_end));
            co_await turns(3);
            EXPECT_FALSE(writer.is_closing());
        }
        co_await writer.wait_closed();
        EXPECT_TRUE(writer.is_closing());
    });
}

TEST(PipeStreams, AReadThatWaitsKeepsThePipeOpen) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        Task<std::string> line = [&] {
            StreamReader reader = open_pipe_reader(std::move(read_end));
            return create_task(Coro<std::string>(reader.readline()));
        }();
        co_await turns(3);
        EXPECT_EQ(::write(write_end.fileno(), "late\n", 5), 5);
        EXPECT_EQ(co_await line, "late\n");
    });
}

TEST(PipeStreams, AFullPipePausesItsWriter) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        StreamReader reader = open_pipe_reader(std::move(read_end));
        StreamWriter writer = open_pipe_writer(std::move(write_end));
        const std::string block(100'000, 'b');
        std::size_t written = 0;
        const auto write_all = [&]() -> Coro<> {
            for (int i = 0; i < 100; ++i) {
                writer.write(block);
                written += block.size();
                co_await writer.drain();
            }
            writer.close();
        };
        Task<> writing = create_task(write_all);
        co_await turns(20);
        EXPECT_LT(written, 2'000'000U)
            << "nobody has read: pipe, buffer and queue cannot hold more";
        const std::string received = co_await reader.read();
        EXPECT_EQ(received.size(), 100 * block.size());
        co_await writing;
    });
}

TEST(PipeStreams, DrainThrowsWhenTheReaderHasClosed) {
    run([]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        StreamWriter writer = open_pipe_writer(std::move(write_end));
        read_end.close();
        std::string what;
        try {
            for (;;) {
                writer.write("x");
                co_await writer.drain();
            }
        } catch (const std::system_error& error) {
            what = error.what();
        }
        EXPECT_EQ(what, "write to a pipe: Broken pipe");
    });
}

TEST(PipeStreams, CancellingAReadAtAnyStepLosesNothing) {
    for (int step = 0; step < 6; ++step) {
        const std::size_t before = open_descriptors();
        run([step]() -> Coro<> {
            auto [read_end, write_end] = FileDescriptor::pipe();
            StreamReader reader = open_pipe_reader(std::move(read_end));
            Task<std::string> reading = create_task(Coro<std::string>(reader.readline()));
            EXPECT_EQ(::write(write_end.fileno(), "line\n", 5), 5);
            co_await turns(step);
            reading.cancel();
            std::string got;
            try {
                got = co_await reading;
            } catch (const CancelledError&) {
                got = "";
            }
            if (got.empty()) {
                got = co_await reader.readline();
            }
            EXPECT_EQ(got, "line\n");
        });
        EXPECT_EQ(open_descriptors(), before);
    }
}

TEST(PipeStreams, ALoopThatIsClosedLeavesNoDescriptor) {
    const std::size_t before = open_descriptors();
    std::vector<StreamReader> readers;
    std::vector<StreamWriter> writers;
    run([&]() -> Coro<> {
        auto [read_end, write_end] = FileDescriptor::pipe();
        readers.push_back(open_pipe_reader(std::move(read_end)));
        writers.push_back(open_pipe_writer(std::move(write_end)));
        writers.front().write("lost");
        co_return;
    });
    EXPECT_EQ(open_descriptors(), before);
    writers.front().write("nowhere"); // handles may still be used
    writers.clear();
    readers.clear();
}

TEST(StandardStreams, StdinMayBeAPipe) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    const Redirected redirected(STDIN_FILENO, read_end.fileno());
    ASSERT_EQ(::write(write_end.fileno(), "piped\n", 6), 6);
    write_end.close();
    run([]() -> Coro<> {
        StreamReader input = open_stdin();
        EXPECT_EQ(co_await input.readline(), "piped\n");
        EXPECT_EQ(co_await input.readline(), "");
    });
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

TEST(StandardStreams, StdinMayBeAFile) {
    const TemporaryFolder folder;
    const FileDescriptor file = file_with(folder.path() / "input", "one\ntwo\n");
    const Redirected redirected(STDIN_FILENO, file.fileno());
    run([]() -> Coro<> {
        StreamReader input = open_stdin();
        EXPECT_EQ(co_await input.readline(), "one\n");
        EXPECT_EQ(co_await input.readline(), "two\n");
        EXPECT_EQ(co_await input.readline(), "");
    });
}

TEST(StandardStreams, StdoutMayBeAFile) {
    const TemporaryFolder folder;
    const FileDescriptor file = file_with(folder.path() / "output", "");
    {
        const Redirected redirected(STDOUT_FILENO, file.fileno());
        run([]() -> Coro<> {
            StreamWriter output = open_stdout();
            output.write("written\n");
            output.close();
            co_await output.wait_closed();
        });
        EXPECT_EQ(::write(STDOUT_FILENO, "after\n", 6), 6); // stdout itself is still open
    }
    EXPECT_EQ(std::filesystem::file_size(folder.path() / "output"), 14U);
}

TEST(StandardStreams, AClosedStdinIsAnError) {
    run([]() -> Coro<> {
        const FileDescriptor before = FileDescriptor::duplicate(STDIN_FILENO);
        ::close(STDIN_FILENO);
        EXPECT_THROW(static_cast<void>(open_stdin()), std::system_error);
        ::dup2(before.fileno(), STDIN_FILENO);
        co_return;
    });
}

TEST(StandardStreams, NeedARunningLoop) {
    EXPECT_THROW(static_cast<void>(open_stdin()), RuntimeError);
}

} // namespace
} // namespace hocket
