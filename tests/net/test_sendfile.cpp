#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/errors.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

#include "support/open_descriptors.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

std::string numbers(std::size_t size) {
    std::string text;
    for (unsigned i = 0; text.size() < size; ++i) {
        text += std::to_string(i) + ' ';
    }
    text.resize(size);
    return text;
}

/// A file in memory, positioned at its end.
FileDescriptor file_with(std::string_view text) {
    FileDescriptor file(::memfd_create("sendfile", MFD_CLOEXEC));
    EXPECT_EQ(::write(file.fileno(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return file;
}

/// A file that the kernel cannot send by itself.
FileDescriptor pipe_with(std::string_view text) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    return FileDescriptor(ends[0]);
}

off_t position_of(const FileDescriptor& file) { return ::lseek(file.fileno(), 0, SEEK_CUR); }

Coro<std::string> receive(const Socket& socket, std::size_t size) {
    std::string all;
    while (all.size() < size) {
        const std::string part = co_await get_running_loop().sock_recv(socket, size - all.size());
        if (part.empty()) {
            break;
        }
        all += part;
    }
    co_return all;
}

TEST(SockSendfile, SendsAFileThatIsLargerThanTheSocketsBuffer) {
    run([]() -> Coro<> {
        const std::string text = numbers(3'000'000);
        const FileDescriptor file = file_with(text);
        auto [ours, theirs] = socketpair();
        Task<std::uint64_t> sending =
            create_task(get_running_loop().sock_sendfile(ours, file.fileno()));
        const std::string received = co_await receive(theirs, text.size());
        EXPECT_EQ(received == text, true);
        EXPECT_EQ(co_await sending, text.size());
        EXPECT_EQ(position_of(file), static_cast<off_t>(text.size()));
    });
}

// python3.13 prints the same counts and positions.
TEST(SockSendfile, OffsetAndCountChooseAPartAndThePositionFollowsIt) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const FileDescriptor file = file_with("0123456789");
        auto [ours, theirs] = socketpair();
        EXPECT_EQ(co_await loop.sock_sendfile(ours, file.fileno(), {.offset = 2, .count = 3}), 3U);
        EXPECT_EQ(co_await loop.sock_recv(theirs, 100), "234");
        EXPECT_EQ(position_of(file), 5);
        EXPECT_EQ(co_await loop.sock_sendfile(ours, file.fileno(), {.offset = 8, .count = 100}),
                  2U);
        EXPECT_EQ(co_await loop.sock_recv(theirs, 100), "89");
        EXPECT_EQ(position_of(file), 10);
        ::lseek(file.fileno(), 4, SEEK_SET);
        EXPECT_EQ(co_await loop.sock_sendfile(ours, file.fileno(), {.offset = 50}), 0U);
        EXPECT_EQ(position_of(file), 4); // nothing was sent
        EXPECT_THROW(co_await loop.sock_sendfile(ours, file.fileno(), {.offset = -1}), ValueError);
        EXPECT_THROW(co_await loop.sock_sendfile(ours, file.fileno(), {.count = 0}), ValueError);
    });
}

TEST(SockSendfile, FallsBackToReadingAndWritingWhereTheKernelCannot) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [ours, theirs] = socketpair();
        const FileDescriptor pipe = pipe_with("out of a pipe");
        EXPECT_THROW(co_await loop.sock_sendfile(ours, pipe.fileno(), {.fallback = false}),
                     SendfileNotAvailableError);
        EXPECT_EQ(co_await loop.sock_sendfile(ours, pipe.fileno(), {.count = 6}), 6U);
        EXPECT_EQ(co_await loop.sock_sendfile(ours, pipe.fileno()), 7U);
        EXPECT_EQ(co_await loop.sock_recv(theirs, 100), "out of a pipe");
    });
}

TEST(SockSendfile, AClosedPeerIsAnErrorAndNoSignal) {
    run([]() -> Coro<> {
        const FileDescriptor file = file_with("text");
        auto [ours, theirs] = socketpair();
        theirs.close();
        try {
            co_await get_running_loop().sock_sendfile(ours, file.fileno());
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::broken_pipe);
        }
    });
}

TEST(SockSendfile, ACancellationLeavesThePositionAfterWhatWasSent) {
    run([]() -> Coro<> {
        const std::string text = numbers(3'000'000);
        const FileDescriptor file = file_with(text);
        auto [ours, theirs] = socketpair();
        Task<std::uint64_t> sending =
            create_task(get_running_loop().sock_sendfile(ours, file.fileno()));
        co_await sleep(0s);
        sending.cancel();
        EXPECT_THROW(co_await sending, CancelledError);
        ours.close();
        const std::string received = co_await receive(theirs, text.size());
        EXPECT_LT(received.size(), text.size());
        EXPECT_EQ(position_of(file), static_cast<off_t>(received.size()));
    });
}

/// A server that sends a file to each client with `send`, and a client that reads everything.
template <class Send> Coro<std::string> through_server(Send send) {
    Server server = co_await start_server(send, "127.0.0.1", 0);
    Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
    std::string received = co_await client.reader.read();
    co_await server.drain(1h);
    co_return received;
}

TEST(StreamSendfile, ComesBetweenWhatWasWrittenBeforeAndAfter) {
    run([]() -> Coro<> {
        const std::string text = numbers(2'000'000);
        const FileDescriptor file = file_with(text);
        std::uint64_t sent = 0;
        const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write("before ");
            sent = co_await writer.sendfile(file.fileno());
            writer.write(" after");
        };
        const std::string received = co_await through_server(send);
        EXPECT_EQ(received == "before " + text + " after", true);
        EXPECT_EQ(sent, text.size());
        EXPECT_EQ(position_of(file), static_cast<off_t>(text.size()));
    });
}

TEST(StreamSendfile, AWriteOrASecondSendfileDuringASendfileIsARuntimeError) {
    run([]() -> Coro<> {
        const std::string text = numbers(8'000'000);
        const FileDescriptor file = file_with(text);
        const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
            Task<std::uint64_t> sending = create_task(writer.sendfile(file.fileno()));
            co_await sleep(0s);
            EXPECT_THROW(writer.write("x"), RuntimeError);
            EXPECT_THROW(co_await writer.sendfile(file.fileno()), RuntimeError);
            EXPECT_EQ(co_await sending, text.size());
            writer.write("!");
        };
        const std::string received = co_await through_server(send);
        EXPECT_EQ(received == text + "!", true);
    });
}

TEST(StreamSendfile, CloseAndWriteEofWaitForTheFile) {
    for (const bool close : {true, false}) {
        run([close]() -> Coro<> {
            const std::string text = numbers(8'000'000);
            const FileDescriptor file = file_with(text);
            const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
                Task<std::uint64_t> sending = create_task(writer.sendfile(file.fileno()));
                co_await sleep(0s);
                if (close) {
                    writer.close();
                } else {
                    writer.write_eof();
                }
                EXPECT_EQ(co_await sending, text.size());
            };
            const std::string received = co_await through_server(send);
            EXPECT_EQ(received == text, true);
        });
    }
}

TEST(StreamSendfile, FallsBackForAPipe) {
    run([]() -> Coro<> {
        const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
            const FileDescriptor pipe = pipe_with("out of a pipe");
            EXPECT_THROW(co_await writer.sendfile(pipe.fileno(), {.fallback = false}),
                         SendfileNotAvailableError);
            EXPECT_EQ(co_await writer.sendfile(pipe.fileno()), 13U);
            writer.write(".");
        };
        const std::string received = co_await through_server(send);
        EXPECT_EQ(received, "out of a pipe.");
    });
}

TEST(StreamSendfile, WithoutADescriptorLeftTheFallbackFailsAndNothingIsLost) {
    run([]() -> Coro<> {
        const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
            const FileDescriptor pipe = pipe_with("out of a pipe");
            rlimit before{};
            ::getrlimit(RLIMIT_NOFILE, &before);
            const rlimit none{4, before.rlim_max}; // fewer than are already open
            ::setrlimit(RLIMIT_NOFILE, &none);
            std::error_code error;
            try {
                co_await writer.sendfile(pipe.fileno());
            } catch (const std::system_error& thrown) {
                error = thrown.code();
            }
            ::setrlimit(RLIMIT_NOFILE, &before);
            EXPECT_EQ(error, std::errc::too_many_files_open);
            EXPECT_EQ(co_await writer.sendfile(pipe.fileno()), 13U);
        };
        const std::string received = co_await through_server(send);
        EXPECT_EQ(received, "out of a pipe");
    });
}

TEST(StreamSendfile, PausesReadingDuringASendfileAndLosesNothing) {
    run([]() -> Coro<> {
        const std::string text = numbers(8'000'000);
        const FileDescriptor file = file_with(text);
        Event sending;
        Server server = co_await start_server(
            [&](StreamReader reader, StreamWriter writer) -> Coro<> {
                sending.set();
                co_await writer.sendfile(file.fileno());
                EXPECT_EQ(co_await reader.readline(), "hello\n");
                writer.write("!");
            },
            "127.0.0.1", 0);
        Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        co_await sending.wait();
        client.writer.write("hello\n");
        const std::string received = co_await client.reader.read();
        EXPECT_EQ(received == text + "!", true);
        server.close();
    });
}

TEST(StreamSendfile, APeerThatGoesAwayIsAnErrorThatLeavesNothingOpen) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<> {
        const std::string text = numbers(8'000'000);
        const FileDescriptor file = file_with(text);
        std::optional<std::error_code> failure;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                try {
                    co_await writer.sendfile(file.fileno());
                } catch (const std::system_error& error) {
                    failure = error.code();
                }
            },
            "127.0.0.1", 0);
        Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        co_await client.reader.readexactly(10);
        client.writer.abort();
        co_await server.drain(1h);
        EXPECT_TRUE(failure.has_value());
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(StreamSendfile, CanBeCancelledInAnyTurnAndTheStreamGoesOn) {
    for (int turns = 0; turns < 40; ++turns) {
        bool was_cancelled = false;
        run([&, turns]() -> Coro<> {
            const std::string text = numbers(1'000'000);
            const FileDescriptor file = file_with(text);
            const auto send = [&](StreamReader, StreamWriter writer) -> Coro<> {
                Task<std::uint64_t> sending = create_task(writer.sendfile(file.fileno()));
                for (int i = 0; i < turns; ++i) {
                    co_await sleep(0s);
                }
                sending.cancel();
                try {
                    co_await sending;
                } catch (const CancelledError&) {
                    was_cancelled = true;
                }
                writer.write("END");
            };
            const std::string received = co_await through_server(send);
            const std::size_t sent = received.size() - 3;
            EXPECT_EQ(received.substr(sent), "END");
            EXPECT_EQ(received.compare(0, sent, text, 0, sent), 0);
            if (sent > 0) {
                EXPECT_EQ(position_of(file), static_cast<off_t>(sent));
            }
        });
        if (!was_cancelled) {
            EXPECT_GT(turns, 0);
            return;
        }
    }
}

struct Collecting final : Protocol {
    void connection_made(Transport& made) override { transport = &made; }
    void data_received(std::string_view data) override { received += data; }
    bool eof_received() override {
        ended.set();
        return true;
    }
    void connection_lost(std::exception_ptr) override { lost.set(); }
    Transport* transport = nullptr;
    std::string received;
    Event ended;
    Event lost;
};

TEST(TransportSendfile, SendsAFileNativelyAndByTheFallback) {
    for (const bool native : {true, false}) {
        run([native]() -> Coro<> {
            EventLoop& loop = get_running_loop();
            const std::string text = numbers(native ? 2'000'000 : 60'000);
            const FileDescriptor file = native ? file_with(text) : pipe_with(text);
            auto served = std::make_shared<Collecting>();
            const auto make = [&served] { return served; };
            Server server = co_await loop.create_server(make, "127.0.0.1", 0);
            Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
            client.writer.write("ask");
            while (served->received.empty()) {
                co_await sleep(0s);
            }
            Transport& transport = *served->transport;
            transport.write("before ");
            Task<std::uint64_t> sending = create_task(loop.sendfile(transport, file.fileno()));
            Task<std::string> reading = create_task(client.reader.readexactly(text.size() + 13));
            EXPECT_EQ(co_await sending, text.size());
            EXPECT_EQ(transport.get_protocol() == served, true);
            EXPECT_TRUE(transport.is_reading());
            transport.write(" after");
            const std::string received = co_await reading;
            EXPECT_EQ(received == "before " + text + " after", true);
            transport.close();
            EXPECT_THROW(co_await loop.sendfile(transport, file.fileno()), RuntimeError);
            co_await served->lost.wait();
            server.close();
        });
    }
}

} // namespace
} // namespace hocket
