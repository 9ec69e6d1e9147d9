#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>
#include <hocket/timeout.hpp>

#include "support/open_descriptors.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

Coro<Connection> connect_to(const Server& server) {
    return open_connection("127.0.0.1", server.sockets()[0].port());
}

Coro<> sleep_an_hour() { co_await sleep(1h); }

/// Answers each line with the same line.
Coro<> echo_lines(StreamReader reader, StreamWriter writer) {
    for (;;) {
        const std::string line = co_await reader.readline();
        if (line.empty()) {
            break;
        }
        writer.write(line);
        co_await writer.drain();
    }
    writer.close();
}

TEST(Drain, OfAServerWithoutClientsEndsAtOnce) {
    run([]() -> Coro<> {
        Server server = co_await start_server(echo_lines, "127.0.0.1", 0);
        EXPECT_EQ(co_await server.drain(0s), true);
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.sockets().empty());
        EXPECT_EQ(co_await server.drain(0s), true);
    });
}

TEST(Drain, EndsIdleConnectionsAtOnce) {
    run([]() -> Coro<> {
        Server server = co_await start_server(echo_lines, "127.0.0.1", 0);
        Connection silent = co_await connect_to(server);
        Connection answered = co_await connect_to(server);
        answered.writer.write("hello\n");
        EXPECT_EQ(co_await answered.reader.readline(), "hello\n");
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_EQ(co_await silent.reader.read(), "");
        EXPECT_EQ(co_await answered.reader.read(), "");
    });
}

TEST(Drain, LetsAHandlerFinishItsAnswerAndNoMore) {
    run([]() -> Coro<> {
        Event asked;
        Event may_answer;
        Server server = co_await start_server(
            [&](StreamReader reader, StreamWriter writer) -> Coro<> {
                for (;;) {
                    const std::string line = co_await reader.readline();
                    if (line.empty()) {
                        break;
                    }
                    asked.set();
                    co_await may_answer.wait();
                    writer.write(line);
                    co_await writer.drain();
                }
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        client.writer.write("one\n");
        co_await asked.wait();
        Task<bool> draining = create_task(server.drain(1h));
        co_await sleep(0s);
        EXPECT_FALSE(draining.done());
        may_answer.set();
        EXPECT_EQ(co_await draining, true);
        client.writer.write("two\n");
        EXPECT_EQ(co_await client.reader.readline(), "one\n");
    });
}

TEST(Drain, WaitsForARequestThatIsBeingReceived) {
    run([]() -> Coro<> {
        Event half;
        Server server = co_await start_server(
            [&](StreamReader reader, StreamWriter writer) -> Coro<> {
                const std::string first = co_await reader.readexactly(3);
                half.set();
                const std::string second = co_await reader.readexactly(3);
                writer.write(first + second);
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        client.writer.write("abc");
        co_await half.wait();
        Task<bool> draining = create_task(server.drain(1h));
        co_await sleep(0s);
        client.writer.write("def");
        EXPECT_EQ(co_await client.reader.read(), "abcdef");
        EXPECT_EQ(co_await draining, true);
    });
}

TEST(Drain, WaitsForAHandlerAfterItsConnectionIsLost) {
    run([]() -> Coro<> {
        Event closed;
        Event may_end;
        bool has_ended = false;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                writer.close();
                closed.set();
                co_await may_end.wait();
                has_ended = true;
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await closed.wait();
        EXPECT_EQ(co_await client.reader.read(), "");
        Task<bool> draining = create_task(server.drain(1h));
        server.close();
        co_await server.wait_closed(); // this waits only for connections, as in Python
        EXPECT_FALSE(draining.done());
        may_end.set();
        EXPECT_EQ(co_await draining, true);
        EXPECT_TRUE(has_ended);
    });
}

TEST(Drain, AbortsAndCancelsWhatIsLeftAtTheDeadline) {
    run([]() -> Coro<> {
        int cancelled = 0;
        Event started;
        Server server = co_await start_server(
            [&](StreamReader reader, StreamWriter) -> Coro<> {
                co_await reader.readline();
                started.set();
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    ++cancelled;
                    throw;
                }
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        client.writer.write("x\n");
        co_await started.wait();
        EXPECT_EQ(co_await server.drain(1ms), false);
        EXPECT_EQ(cancelled, 1);
        try {
            EXPECT_EQ(co_await client.reader.read(), "");
        } catch (const std::system_error& error) { // unread data turns the end into a reset
            EXPECT_EQ(error.code(), std::errc::connection_reset);
        }
        EXPECT_EQ(co_await server.drain(0s), true); // no clients are left
    });
}

TEST(Drain, DoesNotWaitForAHandlerThatRefusesToEnd) {
    run([]() -> Coro<> {
        Event let_go;
        Event started;
        Event ended;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter) -> Coro<> {
                started.set();
                while (!let_go.is_set()) {
                    try {
                        co_await let_go.wait();
                    } catch (const CancelledError&) {
                    }
                }
                ended.set();
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await started.wait();
        EXPECT_EQ(co_await server.drain(0s, 1ms), false);
        EXPECT_FALSE(ended.is_set());
        let_go.set();
        co_await ended.wait();
    });
}

TEST(Drain, GivesCancelledHandlersTimeToCleanUp) {
    run([]() -> Coro<> {
        Event started;
        bool cleaned = false;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter) -> Coro<> {
                started.set();
                std::exception_ptr cancelled;
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    cancelled = std::current_exception();
                }
                co_await sleep(1ms);
                cleaned = true;
                std::rethrow_exception(cancelled);
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await started.wait();
        EXPECT_EQ(co_await server.drain(0s, 1h), false);
        EXPECT_TRUE(cleaned);
    });
}

TEST(Drain, ASecondOneShortensTheFirst) {
    run([]() -> Coro<> {
        Event started;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter) -> Coro<> {
                started.set();
                co_await sleep(1h);
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await started.wait();
        Task<bool> first = create_task(server.drain(1h));
        co_await sleep(0s);
        EXPECT_EQ(co_await server.drain(0s), false);
        EXPECT_EQ(co_await first, true); // everything had ended before its time was over
    });
}

TEST(Drain, CancellingItEndsOnlyTheWait) {
    run([]() -> Coro<> {
        Event may_end;
        Event started;
        Server server = co_await start_server(
            [&](StreamReader, StreamWriter) -> Coro<> {
                started.set();
                co_await may_end.wait();
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await started.wait();
        Task<bool> draining = create_task(server.drain(1h));
        co_await sleep(0s);
        draining.cancel();
        EXPECT_THROW(co_await draining, CancelledError);
        EXPECT_FALSE(server.is_serving());
        may_end.set();
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(Drain, CanBeCancelledInTheTurnOfTheEndInEitherOrder) {
    run([]() -> Coro<> {
        for (const bool end_first : {true, false}) {
            Event may_end;
            Event started;
            Server server = co_await start_server(
                [&](StreamReader, StreamWriter) -> Coro<> {
                    started.set();
                    co_await may_end.wait();
                },
                "127.0.0.1", 0);
            Connection client = co_await connect_to(server);
            co_await started.wait();
            Task<bool> draining = create_task(server.drain(1h));
            co_await sleep(0s);
            if (end_first) {
                may_end.set();
                draining.cancel();
            } else {
                draining.cancel();
                may_end.set();
            }
            EXPECT_THROW(co_await draining, CancelledError);
            EXPECT_EQ(co_await server.drain(1h), true);
        }
    });
}

TEST(Drain, TellsAProtocolByTheEndOfItsInput) {
    struct Recorder final : Protocol {
        explicit Recorder(std::vector<std::string>& record) : events(record) {}
        bool eof_received() override {
            events.emplace_back("eof");
            return false;
        }
        void connection_lost(std::exception_ptr) override { events.emplace_back("lost"); }
        std::vector<std::string>& events;
    };
    run([]() -> Coro<> {
        std::vector<std::string> events;
        const auto make = [&events] { return std::make_shared<Recorder>(events); };
        Server server = co_await get_running_loop().create_server(make, "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        co_await sleep(1ms);
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_EQ(events, (std::vector<std::string>{"eof", "lost"}));
        EXPECT_EQ(co_await client.reader.read(), "");
    });
}

TEST(Drain, WorksOnUnixSockets) {
    run([]() -> Coro<> {
        const std::string name = std::string("\0hocket-drain-", 14) + std::to_string(::getpid());
        Server server = co_await start_unix_server(echo_lines, name);
        Connection client = co_await open_unix_connection(name);
        client.writer.write("hello\n");
        EXPECT_EQ(co_await client.reader.readline(), "hello\n");
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_EQ(co_await client.reader.read(), "");
    });
}

TEST(Drain, LeavesNoDescriptorOpen) {
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        run([]() -> Coro<> {
            Server server = co_await start_server(
                [](StreamReader, StreamWriter) { return sleep_an_hour(); }, "127.0.0.1", 0);
            Connection client = co_await connect_to(server);
            EXPECT_EQ(co_await server.drain(1ms), false);
        });
    }
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
} // namespace hocket
