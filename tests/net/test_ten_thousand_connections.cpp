#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/engine/sanitizers.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

using namespace std::chrono_literals;

constexpr int connections = 10'000;

/// Raises the descriptor limit; the test fails with an explanation if that is not allowed.
void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < connections + 200) {
        limit.rlim_cur = connections + 200;
        limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0)
            << "this test needs " << limit.rlim_cur << " descriptors; raise `ulimit -Hn`";
    }
}

/// The clients, in another process, because descriptor limits apply to each process.
class Clients {
public:
    /// Connects them all. On request, each sends `message` and waits for the echo.
    Clients(int port, std::string message) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, control_), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(control_[0]);
            ::_exit(work(port, message));
        }
        ::close(control_[1]);
    }
    ~Clients() {
        ::close(control_[0]);
        int status = 0;
        ::waitpid(child_, &status, 0);
        EXPECT_EQ(status, 0) << "the process of the client ends failed";
    }
    [[nodiscard]] int control() const { return control_[0]; }

private:
    int work(int port, const std::string& message) {
        std::vector<int> fds;
        const SocketAddress address =
            *SocketAddress::from_ip("127.0.0.1", static_cast<std::uint16_t>(port));
        for (int i = 0; i < connections; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            if (fd < 0 || ::connect(fd, address.native(), address.native_size()) != 0) {
                return 2;
            }
            fds.push_back(fd);
        }
        char order = 'c';
        if (::write(control_[1], &order, 1) != 1) { // all connected
            return 3;
        }
        while (::read(control_[1], &order, 1) == 1) {
            for (const int fd : fds) {
                if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) !=
                    static_cast<ssize_t>(message.size())) {
                    return 4;
                }
            }
            std::string echo(message.size(), '\0');
            for (const int fd : fds) {
                if (::recv(fd, echo.data(), echo.size(), MSG_WAITALL) !=
                        static_cast<ssize_t>(echo.size()) ||
                    echo != message) {
                    return 5;
                }
            }
            if (::write(control_[1], &order, 1) != 1) { // all answered
                return 6;
            }
        }
        return 0;
    }

    int control_[2] = {-1, -1};
    pid_t child_ = -1;
};

/// This process's private resident memory, in bytes.
std::size_t private_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssAnon:")) {
            return std::stoul(line.substr(8)) * 1024;
        }
    }
    return 0;
}

Coro<> wait_for_order(int control) {
    Socket socket(::dup(control));
    ::fcntl(socket.fileno(), F_SETFL, O_NONBLOCK);
    const std::string order = co_await get_running_loop().sock_recv(socket, 1);
    EXPECT_EQ(order.size(), 1U);
}

/// Bytes of user memory for each idle connection, after two rounds of echo over all of them.
template <class Serve> std::size_t memory_per_connection(Serve serve) {
    return run([&]() -> Coro<std::size_t> {
        Server server = co_await serve();
        const std::size_t before = private_memory();
        {
            Clients clients(server.sockets()[0].port(), std::string(64, 'm'));
            co_await wait_for_order(clients.control());
            for (int round = 0; round < 2; ++round) {
                EXPECT_EQ(::write(clients.control(), "e", 1), 1);
                co_await wait_for_order(clients.control());
            }
            const std::size_t after = private_memory();
            std::printf("user memory: %zu bytes for each of %d idle connections\n",
                        (after - before) / connections, connections);
            EXPECT_EQ(::shutdown(clients.control(), SHUT_WR), 0);
            server.close();
            co_await server.wait_closed();
            co_return (after - before) / connections;
        }
    });
}

TEST(TenThousandConnections, EachCostsAProtocolAtMostAKibibyte) {
    struct Echo : Protocol {
        void connection_made(Transport& made) override { transport = &made; }
        void data_received(std::string_view data) override { transport->write(data); }
        Transport* transport = nullptr;
    };
    ASSERT_NO_FATAL_FAILURE(raise_descriptor_limit());
    const std::size_t memory = memory_per_connection([] {
        ServerOptions options;
        options.backlog = 1000;
        return get_running_loop().create_server([] { return std::make_unique<Echo>(); },
                                                "127.0.0.1", 0, options);
    });
    if (!detail::sanitized) { // sanitizers change the memory use
        EXPECT_LE(memory, 1024U);
    }
}

TEST(TenThousandConnections, EachCostsAStreamHandlerAtMostFourKibibytes) {
    ASSERT_NO_FATAL_FAILURE(raise_descriptor_limit());
    const std::size_t memory = memory_per_connection([] {
        ServerOptions options;
        options.backlog = 1000;
        return start_server(
            [](StreamReader reader, StreamWriter writer) -> Coro<> {
                std::array<char, 1024> space;
                while (const std::size_t size = co_await reader.read_into(space)) {
                    writer.write(std::string_view(space.data(), size));
                    co_await writer.drain();
                }
            },
            "127.0.0.1", 0, options);
    });
    if (!detail::sanitized) {
        EXPECT_LE(memory, 4096U);
    }
}

TEST(TenThousandConnections, ManyMayBeOpenedAtOnceByOneLoop) {
    ASSERT_NO_FATAL_FAILURE(raise_descriptor_limit());
    static constexpr int pairs = connections / 2; // both ends are in this process
    run([]() -> Coro<> {
        int served = 0;
        ServerOptions options;
        options.backlog = 1000;
        const auto answer = [&served](StreamReader reader, StreamWriter writer) -> Coro<> {
            const std::string line = co_await reader.readline();
            writer.write(line);
            ++served;
        };
        Server server = co_await start_server(answer, "127.0.0.1", 0, options);
        const int port = server.sockets()[0].port();
        int answered = 0;
        const auto ask = [&answered, port]() -> Coro<> {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port);
            writer.write("hello\n");
            const std::string line = co_await reader.readline();
            answered += line == "hello\n";
        };
        std::vector<Task<>> tasks;
        for (int i = 0; i < pairs; ++i) {
            tasks.push_back(create_task(ask));
        }
        for (Task<>& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(served, pairs);
        EXPECT_EQ(answered, pairs);
        server.close();
        co_await server.wait_closed();
    });
}

} // namespace
} // namespace hocket
