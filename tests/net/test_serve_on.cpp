#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/context.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/serve_on.hpp>
#include <hocket/sleep.hpp>
#include <hocket/threadsafe_event.hpp>
#include <hocket/timeout.hpp>

#include "support/open_descriptors.hpp"
#include "support/tls_contexts.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

/// Which threads handled connections, and how many each.
class Spread {
public:
    void count() {
        const std::lock_guard lock(mutex_);
        ++counts_[std::this_thread::get_id()];
    }
    std::vector<int> counts() {
        const std::lock_guard lock(mutex_);
        std::vector<int> all;
        for (const auto& [thread, count] : counts_) {
            all.push_back(count);
        }
        std::sort(all.begin(), all.end());
        return all;
    }
    bool has(std::thread::id thread) {
        const std::lock_guard lock(mutex_);
        return counts_.contains(thread);
    }

private:
    std::mutex mutex_;
    std::map<std::thread::id, int> counts_;
};

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

Coro<Connection> connect_to(const Server& server) {
    return open_connection("127.0.0.1", server.sockets()[0].port());
}

Coro<> check_echo(Connection& client) {
    client.writer.write("hello\n");
    const std::string line = co_await client.reader.readline();
    EXPECT_EQ(line, "hello\n");
}

TEST(ServeOn, SpreadsConnectionsEvenlyOverLoopsInThreads) {
    run([]() -> Coro<> {
        Spread spread;
        Server server = co_await serve_on(
            [&](StreamReader reader, StreamWriter writer) {
                spread.count();
                return echo_lines(std::move(reader), std::move(writer));
            },
            "127.0.0.1", 0, {.loops = 3});
        std::vector<Connection> clients;
        for (int i = 0; i < 12; ++i) {
            clients.push_back(co_await connect_to(server));
        }
        for (Connection& client : clients) {
            co_await check_echo(client);
        }
        EXPECT_EQ(spread.counts(), (std::vector<int>{4, 4, 4}));
        EXPECT_FALSE(spread.has(std::this_thread::get_id()));
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, TheLoopWithTheFewestConnectionsGetsTheNext) {
    run([]() -> Coro<> {
        Spread spread;
        Server server = co_await serve_on(
            [&](StreamReader reader, StreamWriter writer) {
                spread.count();
                return echo_lines(std::move(reader), std::move(writer));
            },
            "127.0.0.1", 0, {.loops = 2});
        std::vector<Connection> clients;
        for (int i = 0; i < 4; ++i) {
            clients.push_back(co_await connect_to(server));
            co_await check_echo(clients.back());
        }
        // The two clients on the same loop leave; the next two clients go to that loop.
        for (const std::size_t leaver : {2U, 0U}) {
            clients[leaver].writer.write_eof();
            const std::string rest = co_await clients[leaver].reader.read();
            EXPECT_EQ(rest, "");
        }
        for (int i = 0; i < 2; ++i) {
            clients.push_back(co_await connect_to(server));
            co_await check_echo(clients.back());
        }
        EXPECT_EQ(spread.counts(), (std::vector<int>{2, 4}));
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, ZeroLoopsAreOneForEachProcessorAndFewerAreAnError) {
    run([]() -> Coro<> {
        Server server = co_await serve_on(echo_lines, "127.0.0.1", 0);
        std::atomic<unsigned> loops = 0;
        co_await server.on_each_loop([&](EventLoop&) { ++loops; });
        EXPECT_EQ(loops, std::max(1U, std::thread::hardware_concurrency()));
        server.close();
        co_await server.wait_closed();
        EXPECT_THROW(co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = -1}), ValueError);
    });
}

TEST(ServeOn, AHandlersExceptionReachesTheHandlerOfItsLoop) {
    run([]() -> Coro<> {
        std::atomic<int> reports = 0;
        std::atomic<int> loops = 0;
        ServeOnOptions options;
        options.loops = 2;
        options.server.start_serving = false;
        Server server = co_await serve_on(
            [](StreamReader reader, StreamWriter) -> Coro<> {
                co_await reader.readline();
                throw std::runtime_error("bad request");
            },
            "127.0.0.1", 0, options);
        EXPECT_FALSE(server.is_serving());
        co_await server.on_each_loop([&](EventLoop& loop) {
            ++loops;
            EXPECT_EQ(&loop, &get_running_loop());
            EventLoop* const mine = &loop;
            loop.set_exception_handler([&reports, mine](EventLoop& where, const ExceptionContext&) {
                EXPECT_EQ(&where, mine);
                EXPECT_EQ(&get_running_loop(), mine);
                ++reports;
            });
        });
        EXPECT_EQ(loops, 2);
        co_await server.start_serving();
        for (int i = 0; i < 4; ++i) {
            Connection client = co_await connect_to(server);
            client.writer.write("x\n");
            EXPECT_EQ(co_await client.reader.read(), "");
        }
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_EQ(reports, 4);
    });
}

TEST(ServeOn, OnEachLoopThrowsWhatTheFunctionThrew) {
    run([]() -> Coro<> {
        Server server = co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = 2});
        const auto fail = [](EventLoop&) { throw std::domain_error("no"); };
        EXPECT_THROW(co_await server.on_each_loop(fail), std::domain_error);
        server.close();
    });
}

ContextVar<int>& generation() {
    static ContextVar<int> variable("generation", 0);
    return variable;
}

TEST(ServeOn, HandlersRunInTheContextOfTheServersCreation) {
    run([]() -> Coro<> {
        generation().set(7);
        Server server = co_await serve_on(
            [](StreamReader, StreamWriter writer) {
                writer.write(std::to_string(generation().get()));
                generation().set(8);
            },
            "127.0.0.1", 0, {.loops = 2});
        for (int i = 0; i < 2; ++i) {
            Connection client = co_await connect_to(server);
            EXPECT_EQ(co_await client.reader.read(), "7");
        }
        EXPECT_EQ(generation().get(), 7);
        server.close();
    });
}

TEST(ServeOn, ServesOnUnixSocketsToo) {
    run([]() -> Coro<> {
        const std::string name = std::string("\0hocket-serve-on-", 17) + std::to_string(::getpid());
        Server server = co_await serve_on_unix(echo_lines, name, {.loops = 2});
        Connection client = co_await open_unix_connection(name);
        co_await check_echo(client);
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, CloseLetsConnectionsGoOnAndWaitClosedWaitsForThem) {
    run([]() -> Coro<> {
        Server server = co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = 2});
        Connection client = co_await connect_to(server);
        co_await check_echo(client);
        server.close();
        EXPECT_TRUE(server.sockets().empty());
        Task<> closed = create_task([](Server s) -> Coro<> { co_await s.wait_closed(); }(server));
        co_await check_echo(client);
        EXPECT_FALSE(closed.done());
        client.writer.close();
        co_await closed;
    });
}

TEST(ServeOn, CloseClientsAndAbortClientsReachEveryLoop) {
    run([]() -> Coro<> {
        for (const bool abort : {false, true}) {
            Server server = co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = 2});
            std::vector<Connection> clients;
            for (int i = 0; i < 4; ++i) {
                clients.push_back(co_await connect_to(server));
                co_await check_echo(clients.back());
            }
            if (abort) {
                server.abort_clients();
            } else {
                server.close_clients();
            }
            for (Connection& client : clients) {
                EXPECT_EQ(co_await client.reader.read(), "");
            }
            server.close();
            co_await server.wait_closed();
        }
    });
}

TEST(ServeOn, ADrainAbortsWhatIsLeftOnEveryLoopAtTheDeadline) {
    run([]() -> Coro<> {
        std::atomic<int> cancelled = 0;
        Server server = co_await serve_on(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                writer.write("started\n");
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    ++cancelled;
                    throw;
                }
            },
            "127.0.0.1", 0, {.loops = 2});
        std::vector<Connection> clients;
        for (int i = 0; i < 4; ++i) {
            clients.push_back(co_await connect_to(server));
            EXPECT_EQ(co_await clients.back().reader.readline(), "started\n");
        }
        EXPECT_EQ(co_await server.drain(1ms, 1h), false);
        EXPECT_EQ(cancelled, 4);
        EXPECT_EQ(co_await server.drain(0s), true);
        co_await server.wait_closed();
    });
}

TEST(ServeOn, ADrainThatIsCancelledCanBeRepeated) {
    run([]() -> Coro<> {
        ThreadsafeEvent may_end;
        Server server = co_await serve_on(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                writer.write("started\n");
                co_await may_end.wait();
            },
            "127.0.0.1", 0, {.loops = 2});
        Connection client = co_await connect_to(server);
        EXPECT_EQ(co_await client.reader.readline(), "started\n");
        Task<bool> draining = create_task(server.drain(1h));
        co_await sleep(0s);
        draining.cancel();
        EXPECT_THROW(co_await draining, CancelledError);
        may_end.set();
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, ServeForeverEndsWithItsTaskAndEndsTheLoops) {
    run([]() -> Coro<> {
        Server server = co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = 2});
        Task<> serving = create_task(server.serve_forever());
        Connection client = co_await connect_to(server);
        co_await check_echo(client);
        serving.cancel();
        EXPECT_THROW(co_await serving, CancelledError);
        EXPECT_EQ(co_await client.reader.read(), "");
    });
}

TEST(ServeOn, TheEndOfTheCallingLoopEndsTheOthers) {
    const std::size_t descriptors = open_descriptors();
    std::atomic<int> cancelled = 0;
    for (int i = 0; i < 10; ++i) {
        run([&]() -> Coro<> {
            Server server = co_await serve_on(
                [&](StreamReader, StreamWriter writer) -> Coro<> {
                    writer.write("started\n");
                    try {
                        co_await sleep(1h);
                    } catch (const CancelledError&) {
                        ++cancelled;
                        throw;
                    }
                },
                "127.0.0.1", 0, {.loops = 2});
            Connection client = co_await connect_to(server);
            EXPECT_EQ(co_await client.reader.readline(), "started\n");
        });
    }
    EXPECT_EQ(cancelled, 10);
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(ServeOn, ATaskThatOutlivesItsHandlerIsCancelledWithItsLoop) {
    run([]() -> Coro<> {
        std::atomic<bool> cancelled = false;
        Server server = co_await serve_on(
            [&](StreamReader, StreamWriter writer) -> Coro<> {
                const auto left = [&]() -> Coro<> {
                    try {
                        co_await sleep(1h);
                    } catch (const CancelledError&) {
                        cancelled = true;
                        throw;
                    }
                };
                create_task(left);
                co_await sleep(0s);
                writer.write("done\n");
            },
            "127.0.0.1", 0, {.loops = 1});
        Connection client = co_await connect_to(server);
        EXPECT_EQ(co_await client.reader.readline(), "done\n");
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_TRUE(cancelled);
    });
}

TEST(ServeOn, ALoopThatIsStoppedByItsHandlerIsReportedAndTheOthersServeOn) {
    run([]() -> Coro<> {
        ServeOnOptions options;
        options.loops = 2;
        options.server.start_serving = false;
        Server server = co_await serve_on(
            [](StreamReader reader, StreamWriter writer) -> Coro<> {
                const std::string line = co_await reader.readline();
                if (line == "stop\n") {
                    get_running_loop().stop();
                }
                writer.write(line);
            },
            "127.0.0.1", 0, options);
        ThreadsafeEvent reported;
        co_await server.on_each_loop([&](EventLoop& loop) {
            loop.set_exception_handler(
                [&](EventLoop&, const ExceptionContext&) { reported.set(); });
        });
        co_await server.start_serving();
        Connection first = co_await connect_to(server);
        first.writer.write("stop\n");
        co_await reported.wait();
        // Repeat until the server knows that the loop has ended.
        for (std::atomic<unsigned> loops = 2; loops != 1;) {
            loops = 0;
            try {
                co_await server.on_each_loop([&](EventLoop&) { ++loops; });
            } catch (const std::exception&) { // the loop ended in the middle of the call
            }
        }
        for (int i = 0; i < 4; ++i) {
            Connection client = co_await connect_to(server);
            client.writer.write("go on\n");
            EXPECT_EQ(co_await client.reader.readline(), "go on\n");
        }
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, FailsCleanlyAtEveryDescriptorThatIsMissing) {
    run([]() -> Coro<> {
        const std::size_t before = open_descriptors();
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        int failures = 0;
        for (rlim_t spare = 0;; ++spare) {
            const rlimit low{before + spare, limit.rlim_max};
            ::setrlimit(RLIMIT_NOFILE, &low);
            bool is_served = false;
            Server server;
            try {
                server = co_await serve_on(echo_lines, "127.0.0.1", 0, {.loops = 2});
                is_served = true;
            } catch (const std::system_error&) {
                ++failures;
            }
            ::setrlimit(RLIMIT_NOFILE, &limit);
            if (is_served) {
                EXPECT_EQ(co_await server.drain(1h), true);
                break;
            }
            EXPECT_EQ(open_descriptors(), before) << spare;
        }
        EXPECT_GE(failures, 2);
    });
}

TEST(ServeOn, ManyClientsThatComeAndGoAreAllAnswered) {
    run([]() -> Coro<> {
        Spread spread;
        Server server = co_await serve_on(
            [&](StreamReader reader, StreamWriter writer) {
                spread.count();
                return echo_lines(std::move(reader), std::move(writer));
            },
            "127.0.0.1", 0, {.loops = 2});
        std::vector<Task<>> tasks;
        for (int i = 0; i < 16; ++i) {
            tasks.push_back(create_task([](Server s) -> Coro<> {
                for (int round = 0; round < 25; ++round) {
                    Connection client = co_await connect_to(s);
                    co_await check_echo(client);
                    client.writer.close();
                }
            }(server)));
        }
        for (Task<>& task : tasks) {
            co_await task;
        }
        const std::vector<int> counts = spread.counts();
        EXPECT_EQ(counts.size(), 2U);
        EXPECT_EQ(counts[0] + counts[1], 400);
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, ClientsOfEveryLoopSpeakTlsAndResumeTheirSessionsOnAnyOfThem) {
    TlsContexts contexts;
    contexts.server.set_alpn_protocols({"echo"});
    contexts.client.set_alpn_protocols({"echo"});
    run([&]() -> Coro<> {
        Spread spread;
        ServeOnOptions options{.loops = 2};
        options.server.ssl = contexts.server;
        Server server = co_await serve_on(
            [&](StreamReader reader, StreamWriter writer) {
                spread.count();
                return echo_lines(std::move(reader), std::move(writer));
            },
            "127.0.0.1", 0, options);
        std::vector<Task<int>> tasks;
        for (int i = 0; i < 8; ++i) {
            tasks.push_back(create_task([](Server to, const SSLContext& context) -> Coro<int> {
                int resumed = 0;
                SSLSession session;
                for (int round = 0; round < 10; ++round) {
                    ConnectOptions connecting;
                    connecting.ssl = context;
                    if (session) {
                        connecting.ssl_session = session;
                    }
                    Connection client =
                        co_await open_connection("127.0.0.1", to.sockets()[0].port(), connecting);
                    co_await check_echo(client);
                    resumed += client.writer.ssl_object().session_reused() ? 1 : 0;
                    EXPECT_EQ(client.writer.ssl_object().selected_alpn_protocol(), "echo");
                    session = client.writer.ssl_object().session();
                    client.writer.close();
                    co_await client.writer.wait_closed();
                }
                co_return resumed;
            }(server, contexts.client)));
        }
        for (auto& task : tasks) {
            EXPECT_EQ(co_await task, 9); // all but the first
        }
        const std::vector<int> counts = spread.counts();
        EXPECT_EQ(counts.size(), 2U);
        EXPECT_EQ(counts[0] + counts[1], 80);
        EXPECT_EQ(co_await server.drain(1h), true);
    });
}

TEST(ServeOn, AFailedHandshakeDoesNotDisturbOtherConnections) {
    TlsContexts contexts;
    run([&]() -> Coro<> {
        ServeOnOptions options{.loops = 2};
        options.server.ssl = contexts.server;
        Server server = co_await serve_on(echo_lines, "127.0.0.1", 0, options);
        ConnectOptions connecting;
        connecting.ssl = contexts.client;
        Connection good =
            co_await open_connection("127.0.0.1", server.sockets()[0].port(), connecting);
        for (int i = 0; i < 4; ++i) {
            Connection plain = co_await connect_to(server);
            plain.writer.write("this is no handshake\n");
            EXPECT_EQ(co_await plain.reader.read(), ""); // the end
            plain.writer.close();
        }
        co_await check_echo(good);
        EXPECT_EQ(co_await server.drain(1h), true);
        EXPECT_EQ(co_await good.reader.read(), ""); // with close_notify
    });
}

} // namespace
} // namespace hocket
