#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include <sys/socket.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/exception_group.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

using namespace std::chrono_literals;

/// Starts a task for one stream operation.
template <class Operation> auto start(Operation&& operation) {
    using Value = typename std::remove_cvref_t<Operation>::value_type;
    return create_task(Coro<Value>(std::forward<Operation>(operation)));
}

Coro<> one_turn() { co_await sleep(0s); }

/// A server whose handler is `handler`, and a connection to it.
struct Pair {
    Server server;
    Connection client;
};
template <class H> Coro<Pair> serve_and_connect(H handler, ServerOptions options = {}) {
    Server server = co_await start_server(std::move(handler), "127.0.0.1", 0, options);
    Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
    Pair pair{server, std::move(client)};
    co_return pair;
}

/// Records the calls of the loop's exception handler as long as it exists.
class Reports {
public:
    explicit Reports(EventLoop& loop) : loop_(loop) {
        loop_.set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
            messages.push_back(context.message);
            errors.push_back(context.exception);
        });
    }
    ~Reports() { loop_.set_exception_handler({}); }
    std::vector<std::string> messages;
    std::vector<std::exception_ptr> errors;

private:
    EventLoop& loop_;
};

// -- a reader without a connection
// ------------------------------------------------------------------------------

TEST(StreamReader, ReadReturnsWhatIsThereUpToN) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("hello world");
        EXPECT_EQ(co_await reader.read(5), "hello");
        EXPECT_EQ(co_await reader.read(100), " world");
        EXPECT_EQ(co_await reader.read(0), "");
        reader.feed_eof();
        EXPECT_EQ(co_await reader.read(5), "");
        EXPECT_TRUE(reader.at_eof());
    });
}

TEST(StreamReader, ReadWaitsForTheFirstBytes) {
    run([]() -> Coro<> {
        StreamReader reader;
        Task<std::string> task = start(reader.read(10));
        co_await one_turn();
        EXPECT_FALSE(task.done());
        reader.feed_data("late");
        EXPECT_EQ(co_await task, "late");
    });
}

TEST(StreamReader, ReadWithoutACountReadsToTheEnd) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("one ");
        Task<std::string> task = start(reader.read());
        co_await one_turn();
        reader.feed_data("two ");
        co_await one_turn();
        reader.feed_data("three");
        reader.feed_eof();
        EXPECT_EQ(co_await task, "one two three");
        EXPECT_EQ(co_await reader.read(), "");
    });
}

TEST(StreamReader, ReadlineReturnsLinesAndThenTheRest) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("one\ntwo\nrest");
        reader.feed_eof();
        EXPECT_EQ(co_await reader.readline(), "one\n");
        EXPECT_EQ(co_await reader.readline(), "two\n");
        EXPECT_EQ(co_await reader.readline(), "rest");
        EXPECT_EQ(co_await reader.readline(), "");
    });
}

// python3.13 does the same in each case: ValueError('Separator is found, but chunk is longer than
// limit') and b'abc\n' left; ValueError('Separator is not found, and chunk exceed the limit') and
// nothing left.
TEST(StreamReader, ReadlineDropsALineThatIsTooLong) {
    run([]() -> Coro<> {
        StreamReader found(3);
        found.feed_data("12345\nabc\n");
        EXPECT_THROW(co_await found.readline(), ValueError);
        EXPECT_EQ(co_await found.readline(), "abc\n");
        StreamReader missing(3);
        missing.feed_data("12345");
        EXPECT_THROW(co_await missing.readline(), LimitOverrunError);
        missing.feed_data("6\n");
        EXPECT_EQ(co_await missing.readline(), "6\n");
    });
}

TEST(StreamReader, ReaduntilReturnsTheSeparatorToo) {
    run([]() -> Coro<> {
        StreamReader reader;
        Task<std::string> task = start(reader.readuntil("<end>"));
        for (const char* piece : {"some text", "<e", "nd", ">more"}) {
            co_await one_turn();
            EXPECT_FALSE(task.done());
            reader.feed_data(piece);
        }
        EXPECT_EQ(co_await task, "some text<end>");
        EXPECT_EQ(co_await reader.read(10), "more");
    });
}

TEST(StreamReader, ReaduntilTakesTheShortestOfSeveralSeparators) {
    run([]() -> Coro<> {
        StreamReader reader;
        const std::vector<std::string> separators{"\r\n", "\n", ";;;"};
        reader.feed_data("a\r\nb;;;c\n");
        EXPECT_EQ(co_await reader.readuntil(separators), "a\r\n");
        EXPECT_EQ(co_await reader.readuntil(separators), "b;;;");
        EXPECT_EQ(co_await reader.readuntil(separators), "c\n");
    });
}

/// asyncio's rule: of the first occurrences of all separators, the one that ends first; of two with
/// the same end, the shorter one.
std::size_t end_of_first(const std::string& text, const std::vector<std::string>& separators) {
    std::size_t end = std::string::npos;
    for (const std::string& separator : separators) {
        const std::size_t begin = text.find(separator);
        if (begin != std::string::npos) {
            end = std::min(end, begin + separator.size());
        }
    }
    return end;
}

TEST(StreamReader, ReaduntilOfManySeparatorsFindsWhatSearchingForEachFinds) {
    std::mt19937 random(7);
    const auto letters = [&](std::size_t most) {
        std::string text(1 + random() % most, '\0');
        for (char& letter : text) {
            letter = static_cast<char>('a' + random() % 3);
        }
        return text;
    };
    run([&]() -> Coro<> {
        for (int round = 0; round < 2'000; ++round) {
            std::vector<std::string> separators;
            for (std::size_t i = 1 + random() % 8; i > 0; --i) {
                separators.push_back(letters(6));
            }
            const std::string text = letters(40);
            StreamReader reader;
            const auto feed = [&]() -> Coro<> {
                for (std::size_t at = 0; at < text.size();) {
                    const std::size_t size = 1 + random() % 7;
                    reader.feed_data(std::string_view(text).substr(at, size));
                    at += size;
                    co_await sleep(std::chrono::seconds(0));
                }
                reader.feed_eof();
            };
            const Task<> feeding = create_task(feed());
            const std::size_t end = end_of_first(text, separators);
            try {
                EXPECT_EQ(co_await reader.readuntil(separators), text.substr(0, end));
                EXPECT_NE(end, std::string::npos);
            } catch (const IncompleteReadError& error) {
                EXPECT_EQ(end, std::string::npos);
                EXPECT_EQ(error.partial(), text);
            }
            co_await feeding;
        }
    });
}

// python3.13 gives the same results in each case, including `consumed`.
TEST(StreamReader, ReaduntilBeyondTheLimitLeavesTheBytesAndSaysHowMany) {
    run([]() -> Coro<> {
        StreamReader reader(3);
        reader.feed_data("some long data");
        try {
            co_await reader.readuntil("AB");
            ADD_FAILURE();
        } catch (const LimitOverrunError& error) {
            EXPECT_EQ(error.consumed(), 13U);
            EXPECT_STREQ(error.what(), "Separator is not found, and chunk exceed the limit");
        }
        reader.feed_data("AB");
        try {
            co_await reader.readuntil("AB");
            ADD_FAILURE();
        } catch (const LimitOverrunError& error) {
            EXPECT_EQ(error.consumed(), 14U);
            EXPECT_STREQ(error.what(), "Separator is found, but chunk is longer than limit");
        }
        EXPECT_EQ(co_await reader.readexactly(14), "some long data");
        EXPECT_EQ(co_await reader.readuntil("AB"), "AB");
    });
}

TEST(StreamReader, ReaduntilAtTheEndThrowsWithWhatThereWas) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("no end");
        reader.feed_eof();
        try {
            co_await reader.readuntil("\n");
            ADD_FAILURE();
        } catch (const IncompleteReadError& error) {
            EXPECT_EQ(error.partial(), "no end");
            EXPECT_FALSE(error.expected());
        }
        EXPECT_TRUE(reader.at_eof());
        EXPECT_THROW(static_cast<void>(reader.readuntil("")), ValueError);
        EXPECT_THROW(static_cast<void>(reader.readuntil(std::vector<std::string>{})), ValueError);
        EXPECT_THROW(static_cast<void>(reader.readuntil(std::vector<std::string>{"a", ""})),
                     ValueError);
    });
}

TEST(StreamReader, ReadexactlyWaitsForAllOfIt) {
    run([]() -> Coro<> {
        StreamReader reader(4); // far below the requested size
        Task<std::string> task = start(reader.readexactly(20));
        for (int i = 0; i < 4; ++i) {
            co_await one_turn();
            reader.feed_data("12345");
        }
        EXPECT_EQ(co_await task, "12345123451234512345");
        EXPECT_EQ(co_await reader.readexactly(0), "");
    });
}

TEST(StreamReader, ReadexactlyAtTheEndThrowsWithWhatThereWas) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("abc");
        reader.feed_eof();
        try {
            co_await reader.readexactly(5);
            ADD_FAILURE();
        } catch (const IncompleteReadError& error) {
            EXPECT_EQ(error.partial(), "abc");
            EXPECT_EQ(error.expected(), 5U);
            EXPECT_STREQ(error.what(), "3 bytes read on a total of 5 expected bytes");
        }
        EXPECT_EQ(co_await reader.read(1), "");
    });
}

TEST(StreamReader, ReadIntoFillsTheCallersSpace) {
    run([]() -> Coro<> {
        StreamReader reader;
        std::array<char, 4> space{};
        reader.feed_data("abcdef");
        EXPECT_EQ(co_await reader.read_into(space), 4U);
        EXPECT_EQ(std::string_view(space.data(), 4), "abcd");
        EXPECT_EQ(co_await reader.read_into(space), 2U);
        Task<std::size_t> task = start(reader.read_into(space));
        co_await one_turn();
        reader.feed_data("xyz");
        EXPECT_EQ(co_await task, 3U);
        EXPECT_EQ(std::string_view(space.data(), 3), "xyz");
        reader.feed_eof();
        EXPECT_EQ(co_await reader.read_into(space), 0U);
    });
}

TEST(StreamReader, ASecondTaskMayNotWaitOnTheSameStream) {
    run([]() -> Coro<> {
        StreamReader reader;
        Task<std::string> first = start(reader.readline());
        co_await one_turn();
        try {
            co_await reader.read(1);
            ADD_FAILURE();
        } catch (const RuntimeError& error) {
            EXPECT_STREQ(error.what(), "read() called while another coroutine is already waiting "
                                       "for incoming data");
        }
        reader.feed_data("line\n");
        EXPECT_EQ(co_await first, "line\n");
    });
}

TEST(StreamReader, AnExceptionWakesTheReaderAndStays) {
    run([]() -> Coro<> {
        StreamReader reader;
        reader.feed_data("buffered");
        Task<std::string> task = start(reader.readline());
        co_await one_turn();
        reader.set_exception(std::make_exception_ptr(ValueError("broken")));
        EXPECT_THROW(co_await task, ValueError);
        EXPECT_THROW(co_await reader.read(1), ValueError);
        EXPECT_TRUE(reader.exception());
    });
}

TEST(StreamReader, CancellingAReadLosesNoByteInEitherOrder) {
    run([]() -> Coro<> {
        StreamReader reader;
        std::array<char, 16> space{};
        for (const bool data_first : {true, false}) {
            // Cancels each kind of read, with the same bytes, in the turn in which the bytes
            // arrive.
            std::vector<Coro<>> reads;
            reads.push_back([](StreamReader r) -> Coro<> { co_await r.read(3); }(reader));
            reads.push_back([](StreamReader r) -> Coro<> { co_await r.read(); }(reader));
            reads.push_back([](StreamReader r) -> Coro<> { co_await r.readline(); }(reader));
            reads.push_back([](StreamReader r) -> Coro<> { co_await r.readexactly(4); }(reader));
            reads.push_back([](StreamReader r, std::span<char> into) -> Coro<> {
                co_await r.read_into(into);
            }(reader, space));
            for (Coro<>& read : reads) {
                Task<> task = create_task(std::move(read));
                co_await one_turn();
                if (data_first) {
                    reader.feed_data("abc\n");
                    task.cancel();
                } else {
                    task.cancel();
                    reader.feed_data("abc\n");
                }
                EXPECT_THROW(co_await task, CancelledError);
                EXPECT_EQ(co_await reader.read(100), "abc\n");
            }
        }
    });
}

TEST(StreamReader, ALimitOfZeroIsRefused) { EXPECT_THROW(StreamReader(0), ValueError); }

// -- connections
// --------------------------------------------------------------------------------------------

TEST(Streams, EchoLines) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader reader, StreamWriter writer) -> Coro<> {
                for (;;) {
                    const std::string line = co_await reader.readline();
                    if (line.empty()) {
                        co_return;
                    }
                    writer.write(line);
                    co_await writer.drain();
                }
            });
        auto& [reader, writer] = client;
        for (int i = 0; i < 100; ++i) {
            const std::string line = "line " + std::to_string(i) + "\n";
            writer.write(line);
            co_await writer.drain();
            const std::string echo = co_await reader.readline();
            EXPECT_EQ(echo, line);
        }
        writer.close();
        co_await writer.wait_closed();
        server.close();
        co_await server.wait_closed();
    });
}

TEST(Streams, ManyMegabytesArriveWholeThroughSmallLimits) {
    run([]() -> Coro<> {
        constexpr std::size_t total = 8 << 20;
        ServerOptions options;
        options.limit = 1000;
        auto [server, client] = co_await serve_and_connect(
            [](StreamReader reader, StreamWriter writer) -> Coro<> {
                std::array<char, 5000> space;
                while (const std::size_t size = co_await reader.read_into(space)) {
                    writer.write(std::string_view(space.data(), size));
                    co_await writer.drain();
                }
            },
            options);
        auto& [reader, writer] = client;
        Task<> sending = create_task([](StreamWriter out) -> Coro<> {
            std::string piece(10'000, ' ');
            std::size_t sent = 0;
            while (sent < total) {
                for (char& byte : piece) {
                    byte = static_cast<char>(sent++ * 31 % 251);
                }
                out.write(piece);
                co_await out.drain();
            }
            out.write_eof();
        }(writer));
        std::size_t received = 0;
        bool is_right = true;
        for (;;) {
            const std::string piece = co_await reader.read(50'000);
            if (piece.empty()) {
                break;
            }
            for (const char byte : piece) {
                is_right = is_right && byte == static_cast<char>(received++ * 31 % 251);
            }
        }
        EXPECT_TRUE(is_right);
        EXPECT_GE(received, total);
        co_await sending;
        server.close();
    });
}

TEST(Streams, AFastSenderIsSlowedDownByASlowReader) {
    run([]() -> Coro<> {
        bool is_sent = false;
        ServerOptions options;
        options.limit = 10'000;
        auto [server, client] = co_await serve_and_connect(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                for (int i = 0; i < 2000; ++i) {
                    writer.write(std::string(10'000, 'x'));
                    co_await writer.drain();
                }
                is_sent = true;
            },
            options);
        co_await sleep(50ms);
        EXPECT_FALSE(is_sent);
        const std::string all = co_await client.reader.read();
        EXPECT_EQ(all.size(), 20'000'000U);
        EXPECT_TRUE(is_sent);
        server.close();
    });
}

TEST(Streams, ThePeerSeesAHalfCloseAndMayStillAnswer) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader reader, StreamWriter writer) -> Coro<> {
                const std::string request = co_await reader.read();
                EXPECT_TRUE(reader.at_eof());
                writer.write("got " + request);
            });
        client.writer.write("everything");
        EXPECT_TRUE(client.writer.can_write_eof());
        client.writer.write_eof();
        EXPECT_THROW(client.writer.write("more"), RuntimeError);
        EXPECT_EQ(co_await client.reader.read(), "got everything");
        server.close();
    });
}

TEST(Streams, AResetIsAnErrorOfReadDrainAndWaitClosed) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readline();
                const linger hard{1, 0};
                ::setsockopt(writer.socket().fileno(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
                writer.close();
            });
        const int port = client.writer.peername().port();
        client.writer.write("now\n");
        try {
            co_await client.reader.read(1);
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::connection_reset);
            EXPECT_EQ(error.what(), "recv from 127.0.0.1 port " + std::to_string(port) +
                                        ": Connection reset by peer");
        }
        EXPECT_THROW(co_await client.writer.drain(), std::system_error);
        EXPECT_THROW(co_await client.writer.wait_closed(), std::system_error);
        EXPECT_TRUE(client.writer.is_closing());
        server.close();
    });
}

TEST(Streams, DrainAfterCloseSaysThatTheConnectionIsLost) {
    run([]() -> Coro<> {
        auto [server, client] = co_await serve_and_connect(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); });
        client.writer.close();
        EXPECT_THROW(co_await client.writer.drain(), std::system_error);
        co_await client.writer.wait_closed();
        EXPECT_EQ(co_await client.reader.read(), "");
        server.close();
    });
}

TEST(Streams, ACancelledDrainEndsOnlyTheWait) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader reader, StreamWriter) -> Coro<> {
                co_await sleep(20ms);
                co_await reader.read();
            });
        StreamWriter& writer = client.writer;
        writer.write(std::string(20'000'000, 'x'));
        Task<> first =
            create_task([](StreamWriter out) -> Coro<> { co_await out.drain(); }(writer));
        Task<> second = start(writer.drain());
        co_await one_turn();
        first.cancel();
        EXPECT_THROW(co_await first, CancelledError);
        EXPECT_FALSE(second.done());
        co_await second;
        server.close();
    });
}

TEST(Streams, WaitClosedCanBeCancelledInTheTurnOfTheEndInEitherOrder) {
    run([]() -> Coro<> {
        for (const bool close_first : {true, false}) {
            auto [server, client] = co_await serve_and_connect(
                [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); });
            Task<> task = start(client.writer.wait_closed());
            co_await one_turn();
            if (close_first) {
                client.writer.close();
                task.cancel();
            } else {
                task.cancel();
                client.writer.close();
            }
            EXPECT_THROW(co_await task, CancelledError);
            co_await client.writer.wait_closed();
            server.close();
        }
    });
}

TEST(Streams, AbortDropsWhatThePeerDoesNotRead) {
    run([]() -> Coro<> {
        const auto never_read = [](StreamReader, StreamWriter writer) -> Coro<> {
            co_await writer.wait_closed();
        };
        Pair pair = co_await serve_and_connect(never_read);
        pair.client.writer.write(std::string(8 << 20, 'x')); // more than socket buffers can hold
        pair.client.writer.abort();
        EXPECT_TRUE(pair.client.writer.is_closing());
        co_await pair.client.writer.wait_closed();
        pair.server.close_clients();
    });
}

TEST(Streams, TheLastWriterClosesTheConnection) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader, StreamWriter writer) -> Coro<> {
                writer.write("bye");
                co_return;
            });
        EXPECT_EQ(co_await client.reader.read(), "bye");
        StreamReader reader = client.reader;
        {
            StreamWriter last = std::move(client.writer);
            StreamWriter copy = last;
        }
        EXPECT_EQ(co_await reader.read(), "");
        server.close();
        co_await server.wait_closed();
    });
}

TEST(Streams, MuchWrittenToAClosedConnectionIsReportedOnce) {
    run([]() -> Coro<> {
        Reports reports(get_running_loop());
        auto [server, client] = co_await serve_and_connect(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); });
        client.writer.close();
        for (int i = 0; i < 20; ++i) {
            client.writer.write("x");
        }
        EXPECT_EQ(reports.messages.size(), 1U);
        server.close();
    });
}

TEST(Streams, WritelinesSendsEveryElement) {
    run([]() -> Coro<> {
        auto [server, client] =
            co_await serve_and_connect([](StreamReader, StreamWriter writer) -> Coro<> {
                const std::vector<std::string> lines{"a\n", "b\n", "c\n"};
                writer.writelines(lines);
                co_return;
            });
        EXPECT_EQ(co_await client.reader.read(), "a\nb\nc\n");
        server.close();
    });
}

TEST(Streams, BothEndsAgreeOnTheirAddresses) {
    run([]() -> Coro<> {
        SocketAddress peer;
        auto [server, client] =
            co_await serve_and_connect([&](StreamReader, StreamWriter writer) -> Coro<> {
                peer = writer.peername();
                co_return;
            });
        const SocketAddress mine = client.writer.sockname();
        co_await client.reader.read();
        EXPECT_EQ(peer, mine);
        EXPECT_EQ(client.writer.peername().port(), server.sockets()[0].port());
        server.close();
    });
}

TEST(Streams, ARefusedConnectionNamesCallAndAddress) {
    run([]() -> Coro<> {
        int port = 0;
        {
            Server server =
                co_await start_server([](StreamReader, StreamWriter) {}, "127.0.0.1", 0);
            port = server.sockets()[0].port();
            server.close();
        }
        try {
            co_await open_connection("127.0.0.1", port);
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::connection_refused);
            EXPECT_EQ(error.what(),
                      "connect to 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
        }
        ConnectOptions options;
        options.all_errors = true;
        EXPECT_THROW(co_await open_connection("127.0.0.1", port, options), ExceptionGroup);
        EXPECT_THROW(co_await open_connection("127.0.0.1", 65536), ValueError);
        EXPECT_THROW(co_await open_connection("127.0.0.1", -1), ValueError);
    });
}

TEST(Streams, AHostNameIsResolvedAndTried) {
    run([]() -> Coro<> {
        Server server = co_await start_server(
            [](StreamReader, StreamWriter writer) { writer.write("hi"); }, "127.0.0.1", 0);
        ConnectOptions options;
        options.happy_eyeballs_delay = 250ms;
        options.local_addr = HostPort{"127.0.0.2", 0};
        options.family = AF_INET;
        auto [reader, writer] =
            co_await open_connection("localhost", server.sockets()[0].port(), options);
        EXPECT_EQ(writer.sockname().host(), "127.0.0.2");
        EXPECT_EQ(co_await reader.read(), "hi");
        server.close();
    });
}

TEST(Streams, CancellingOpenConnectionInAnyTurnLeaksNothing) {
    run([]() -> Coro<> {
        Server server = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0);
        const int port = server.sockets()[0].port();
        for (int turns = 0; turns < 6; ++turns) {
            Task<Connection> task = create_task(open_connection("localhost", port));
            for (int i = 0; i < turns; ++i) {
                co_await one_turn();
            }
            if (task.cancel()) {
                EXPECT_THROW(co_await task, CancelledError);
            }
        }
        server.close();
        co_await server.wait_closed(); // hangs if a connection was left open
    });
}

TEST(Streams, UnixSocketsWorkTheSame) {
    run([]() -> Coro<> {
        const std::string path = "/tmp/hocket-test-" + std::to_string(::getpid()) + ".sock";
        Server server = co_await start_unix_server(
            [](StreamReader reader, StreamWriter writer) -> Coro<> {
                const std::string line = co_await reader.readline();
                writer.write("unix " + line);
            },
            path);
        EXPECT_EQ(server.sockets()[0].address(), path);
        auto [reader, writer] = co_await open_unix_connection(path);
        writer.write("hello\n");
        EXPECT_EQ(co_await reader.readline(), "unix hello\n");
        // If a second server takes over the path, closing the first one does not remove it.
        Server second = co_await start_unix_server([](StreamReader, StreamWriter) {}, path);
        server.close();
        EXPECT_EQ(::access(path.c_str(), F_OK), 0);
        second.close();
        EXPECT_NE(::access(path.c_str(), F_OK), 0);
        EXPECT_THROW(co_await open_unix_connection(path), std::system_error);
        EXPECT_THROW(co_await open_unix_connection(std::string(200, 'x')), ValueError);
    });
}

TEST(Streams, HandlesOutliveTheLoop) {
    std::optional<Connection> kept;
    std::optional<Server> server;
    run([&]() -> Coro<> {
        server = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0);
        kept = co_await open_connection("127.0.0.1", server->sockets()[0].port());
    });
    EXPECT_TRUE(kept->writer.is_closing());
    kept->writer.write("nobody is there");
    kept->writer.close();
    EXPECT_FALSE(server->is_serving());
    EXPECT_TRUE(server->sockets().empty());
    kept.reset();
}

} // namespace
} // namespace hocket
