#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

using namespace std::chrono_literals;

Coro<> one_turn() { co_await sleep(0s); }

Coro<> read_to_the_end(StreamReader reader, StreamWriter writer) {
    co_await reader.read();
    writer.close();
}

Coro<Connection> connect_to(const Server& server) {
    return open_connection("127.0.0.1", server.sockets()[0].port());
}

TEST(Server, SaysWhereItListens) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        EXPECT_TRUE(server.is_serving());
        const std::vector<ServerSocket> sockets = server.sockets();
        EXPECT_EQ(sockets.size(), 1U);
        EXPECT_EQ(sockets[0].address(), "127.0.0.1");
        EXPECT_GT(sockets[0].port(), 0);
        EXPECT_EQ(sockets[0].family(), AF_INET);
        EXPECT_GE(sockets[0].fileno(), 0);
        server.close();
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.sockets().empty());
        server.close();
    });
}

TEST(Server, ListensOnSeveralHostsAndOnEachAddressOnce) {
    run([]() -> Coro<> {
        const std::vector<std::string> hosts{"127.0.0.1", "127.0.0.2", "127.0.0.1"};
        Server server = co_await start_server(read_to_the_end, hosts, 0);
        EXPECT_EQ(server.sockets().size(), 2U);
        server.close();
    });
}

TEST(Server, ServesOverIpv6WhereThereIsOne) {
    run([]() -> Coro<> {
        try {
            Server server = co_await start_server(read_to_the_end, "::1", 0);
            EXPECT_EQ(server.sockets()[0].family(), AF_INET6);
            Connection client = co_await open_connection("::1", server.sockets()[0].port());
            EXPECT_EQ(client.writer.peername().host(), "::1");
            server.close();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::address_not_available) << error.what();
        }
    });
}

TEST(Server, APortInUseIsAnErrorThatNamesIt) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        const int port = server.sockets()[0].port();
        try {
            co_await start_server(read_to_the_end, "127.0.0.1", port);
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::address_in_use);
            EXPECT_EQ(error.what(), "bind to 127.0.0.1 port " + std::to_string(port) +
                                        ": Address already in use");
        }
        server.close();
    });
}

TEST(Server, DoesNotAcceptBeforeItServes) {
    run([]() -> Coro<> {
        int clients = 0;
        ServerOptions options;
        options.start_serving = false;
        Server server = co_await start_server([&](StreamReader, StreamWriter) { ++clients; },
                                              "127.0.0.1", 0, options);
        EXPECT_FALSE(server.is_serving());
        co_await server.start_serving();
        EXPECT_TRUE(server.is_serving());
        Connection client = co_await connect_to(server);
        EXPECT_EQ(co_await client.reader.read(), "");
        EXPECT_EQ(clients, 1);
        server.close();
        EXPECT_THROW(co_await server.start_serving(), RuntimeError);
    });
}

// python3.13: the same program prints the same order.
TEST(Server, WaitClosedWaitsForTheCloseAndForTheLastClient) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        Task<> waiting = create_task([](Server s) -> Coro<> { co_await s.wait_closed(); }(server));
        co_await sleep(10ms);
        EXPECT_FALSE(waiting.done());
        server.close();
        co_await sleep(10ms);
        EXPECT_FALSE(waiting.done());
        client.writer.close();
        co_await waiting;
        co_await server.wait_closed();
    });
}

TEST(Server, WaitClosedCanBeCancelledInTheTurnOfTheEndInEitherOrder) {
    run([]() -> Coro<> {
        for (const bool close_first : {true, false}) {
            Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
            Task<> waiting =
                create_task([](Server s) -> Coro<> { co_await s.wait_closed(); }(server));
            co_await one_turn();
            if (close_first) {
                server.close();
                waiting.cancel();
            } else {
                waiting.cancel();
                server.close();
            }
            EXPECT_THROW(co_await waiting, CancelledError);
            co_await server.wait_closed();
        }
    });
}

TEST(Server, CloseClientsSendsWhatIsQueuedAndAbortClientsDoesNot) {
    run([]() -> Coro<> {
        const auto greet = [](StreamReader reader, StreamWriter writer) -> Coro<> {
            writer.write("hello");
            co_await reader.read();
        };
        Server server = co_await start_server(greet, "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        EXPECT_EQ(co_await client.reader.readexactly(5), "hello");
        server.close_clients();
        EXPECT_EQ(co_await client.reader.read(), "");
        Connection second = co_await connect_to(server);
        EXPECT_EQ(co_await second.reader.readexactly(5), "hello");
        server.close();
        server.abort_clients();
        co_await server.wait_closed();
    });
}

TEST(Server, ServeForeverEndsWithTheTasksCancellation) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        Task<> serving = create_task(server.serve_forever());
        co_await one_turn();
        EXPECT_THROW(co_await server.serve_forever(), RuntimeError);
        serving.cancel();
        EXPECT_THROW(co_await serving, CancelledError);
        EXPECT_FALSE(server.is_serving());
        EXPECT_THROW(co_await server.serve_forever(), RuntimeError);
    });
}

TEST(Server, ServeForeverEndsWhenTheServerIsClosed) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        Task<> serving = create_task(server.serve_forever());
        co_await one_turn();
        server.close();
        EXPECT_THROW(co_await serving, CancelledError);
    });
}

TEST(Server, ServeForeverDoesNotWaitForClientsThatStay) {
    run([]() -> Coro<> {
        Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
        Task<> serving = create_task(server.serve_forever());
        Connection client = co_await connect_to(server);
        client.writer.write("hello");
        co_await one_turn();
        serving.cancel();
        EXPECT_THROW(co_await serving, CancelledError);
        EXPECT_EQ(co_await client.reader.read(), "");
    });
}

TEST(Server, GoesOnServingWithoutAHandle) {
    run([]() -> Coro<> {
        int port = 0;
        {
            Server server = co_await start_server(read_to_the_end, "127.0.0.1", 0);
            port = server.sockets()[0].port();
        }
        Connection client = co_await open_connection("127.0.0.1", port);
        client.writer.write_eof();
        EXPECT_EQ(co_await client.reader.read(), "");
    });
}

TEST(Server, AnExceptionInAHandlerIsReportedAndClosesTheConnection) {
    run([]() -> Coro<> {
        std::vector<std::string> reports;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            try {
                std::rethrow_exception(context.exception);
            } catch (const std::exception& error) {
                reports.push_back(context.message + ": " + error.what());
            }
            EXPECT_TRUE(context.task);
        });
        Server server = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> {
                co_await reader.readline();
                throw std::runtime_error("bad request");
            },
            "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        client.writer.write("x\n");
        EXPECT_EQ(co_await client.reader.read(), "");
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(reports,
                  std::vector<std::string>{
                      "unhandled exception in a server's connection handler: bad request"});
        get_running_loop().set_exception_handler({});
    });
}

TEST(Server, AnExceptionOutOfAPlainHandlerIsReportedToo) {
    run([]() -> Coro<> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        Server server = co_await start_server(
            [](StreamReader, StreamWriter) { throw std::runtime_error("no"); }, "127.0.0.1", 0);
        Connection client = co_await connect_to(server);
        EXPECT_EQ(co_await client.reader.read(), "");
        EXPECT_EQ(reports, 1);
        server.close();
        get_running_loop().set_exception_handler({});
    });
}

TEST(Server, KeepsAHandlerWithCapturesUntilItsTasksEnd) {
    run([]() -> Coro<> {
        std::optional<Connection> client;
        {
            const std::string greeting = "a greeting that is too long for the small string buffer";
            // A named variable, because g++ 12 destroys the captures of a closure twice if it is
            // created inside a co_await expression.
            const auto handler = [greeting](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readline();
                writer.write(greeting);
            };
            Server server = co_await start_server(handler, "127.0.0.1", 0);
            client = co_await connect_to(server);
            co_await sleep(5ms);
            server.close();
        }
        client->writer.write("\n");
        EXPECT_EQ(co_await client->reader.read(),
                  "a greeting that is too long for the small string buffer");
    });
}

TEST(Server, RunningOutOfDescriptorsIsReportedOnceAndDoesNotSpin) {
    run([]() -> Coro<> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        Server server = co_await start_server(
            [](StreamReader, StreamWriter writer) { writer.write("at last"); }, "127.0.0.1", 0);
        std::error_code error;
        Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit low{128, before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        std::vector<int> taken;
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) {
            taken.push_back(fd);
        }
        const SocketAddress address = server.sockets()[0].sockname();
        co_await get_running_loop().sock_connect(client, address);
        co_await sleep(50ms);
        EXPECT_EQ(reports, 1);
        for (const int fd : taken) {
            ::close(fd);
        }
        ::setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_EQ(co_await get_running_loop().sock_recv(client, 100), "at last");
        EXPECT_EQ(reports, 1);
        server.close();
        get_running_loop().set_exception_handler({});
    });
}

} // namespace
} // namespace hocket
