#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/engine/sanitizers.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/start_server.hpp>

#include "support/drive_reactor.hpp"
#include "support/tls_contexts.hpp"
#include "support/tls_pair.hpp"

namespace hocket {
namespace {

constexpr int ours_count = 10'000;
constexpr int by_hand_count = 1'000; // its memory grows in proportion
constexpr std::size_t message_size = 64;

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < ours_count + 200) {
        limit.rlim_cur = ours_count + 200;
        limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0)
            << "this test needs " << limit.rlim_cur << " descriptors; raise `ulimit -Hn`";
    }
}

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

/// A process that connects `count` clients to the port it receives, exchanges a message over each,
/// writes a byte, and keeps them idle until its end of the pipe is closed.
class Clients {
public:
    explicit Clients(int count) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, control_), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(control_[0]);
            ::_exit(work(count));
        }
        ::close(control_[1]);
    }
    ~Clients() {
        ::close(control_[0]);
        int status = 0;
        ::waitpid(child_, &status, 0);
        EXPECT_EQ(status, 0) << "the process of the clients failed";
    }
    void connect_to(int port) { EXPECT_EQ(::write(control_[0], &port, sizeof port), sizeof port); }
    [[nodiscard]] int control() const { return control_[0]; }

private:
    int work(int count) {
        engine::testing::Ctx ctx(TLS_client_method());
        SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
        int port = 0;
        if (::read(control_[1], &port, sizeof port) != sizeof port) {
            return 1;
        }
        const SocketAddress address =
            *SocketAddress::from_ip("127.0.0.1", static_cast<std::uint16_t>(port));
        std::vector<SSL*> all;
        for (int i = 0; i < count; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            if (fd < 0 || ::connect(fd, address.native(), address.native_size()) != 0) {
                return 2;
            }
            SSL* const ssl = SSL_new(ctx.get());
            SSL_set_fd(ssl, fd);
            std::array<char, message_size> message{};
            if (SSL_connect(ssl) != 1 || SSL_write(ssl, message.data(), message_size) <= 0 ||
                SSL_read(ssl, message.data(), message_size) != message_size) {
                return 3;
            }
            all.push_back(ssl);
        }
        char byte = 0;
        if (::write(control_[1], &byte, 1) != 1) {
            return 4;
        }
        return ::read(control_[1], &byte, 1) == 1 ? 5 : 0; // waits for the end
    }

    int control_[2] = {-1, -1};
    pid_t child_ = -1;
};

/// Runs `measure` in another process and returns its result: memory that was used before would not
/// count.
template <class Measure> std::size_t in_own_process(Measure measure) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::size_t result = measure();
        const bool good = !::testing::Test::HasFailure() &&
                          ::write(ends[1], &result, sizeof result) == sizeof result;
        std::fflush(nullptr);
        ::_exit(good ? 0 : 1);
    }
    ::close(ends[1]);
    std::size_t result = 0;
    EXPECT_EQ(::read(ends[0], &result, sizeof result), static_cast<ssize_t>(sizeof result));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return result;
}

/// Bytes for each idle connection of a server written by hand with epoll and OpenSSL.
std::size_t by_hand() {
    Clients clients(by_hand_count);
    engine::testing::Ctx ctx(TLS_server_method());
    ctx.show(certificates::make_server(certificates::make_authority()));
    SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
    const Socket listening = engine::testing::bound_socket(1000);
    const int epoll = ::epoll_create1(0);
    const auto watch = [epoll](int fd, void* data) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = data;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    };
    char accepting = 0;
    char idle = 0;
    watch(listening.fileno(), &accepting);
    watch(clients.control(), &idle);
    clients.connect_to(listening.local_address().port());
    const std::size_t before = private_memory();
    for (;;) {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            void* const data = events[static_cast<std::size_t>(i)].data.ptr;
            if (data == &idle) {
                return (private_memory() - before) / by_hand_count;
            }
            if (data == &accepting) {
                const int fd = ::accept4(listening.fileno(), nullptr, nullptr, SOCK_NONBLOCK);
                const int on = 1;
                ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                SSL* const ssl = SSL_new(ctx.get());
                SSL_set_fd(ssl, fd);
                SSL_set_accept_state(ssl);
                watch(fd, ssl);
                continue;
            }
            SSL* const ssl = static_cast<SSL*>(data);
            std::array<char, 16'384> space;
            for (int size = 0; (size = SSL_read(ssl, space.data(), space.size())) > 0;) {
                SSL_write(ssl, space.data(), size);
            }
        }
    }
}

/// The same for `serve`'s server.
template <class Serve> std::size_t ours(Serve serve) {
    Clients clients(ours_count);
    TlsContexts contexts;
    return run([&]() -> Coro<std::size_t> {
        ServerOptions options;
        options.backlog = 1000;
        options.ssl = contexts.server;
        Server server = co_await serve(options);
        const std::size_t before = private_memory();
        clients.connect_to(server.sockets()[0].port());
        Socket control(::dup(clients.control()));
        ::fcntl(control.fileno(), F_SETFL, O_NONBLOCK);
        co_await get_running_loop().sock_recv(control, 1);
        const std::size_t each = (private_memory() - before) / ours_count;
        server.close();
        server.abort_clients();
        co_return each;
    });
}

struct Echo : Protocol {
    void connection_made(Transport& made) override { transport = &made; }
    void data_received(std::string_view data) override { transport->write(data); }
    Transport* transport = nullptr;
};

Coro<> echo(StreamReader reader, StreamWriter writer) {
    std::vector<char> buffer(256);
    while (const std::size_t size = co_await reader.read_into(buffer)) {
        writer.write(std::string_view(buffer.data(), size));
        co_await writer.drain();
    }
}

TEST(TenThousandTlsConnections, CostWhatTheyCostByHandAndTwoKibibytes) {
    ASSERT_NO_FATAL_FAILURE(raise_descriptor_limit());
    if (detail::sanitized) {
        GTEST_SKIP() << "sanitizers change the memory use";
    }
    const std::size_t floor = in_own_process(by_hand);
    ASSERT_FALSE(HasFailure());
    const std::size_t protocol = in_own_process([] {
        return ours([](ServerOptions options) {
            return get_running_loop().create_server([] { return std::make_unique<Echo>(); },
                                                    "127.0.0.1", 0, options);
        });
    });
    const std::size_t streams = in_own_process([] {
        return ours(
            [](ServerOptions options) { return start_server(echo, "127.0.0.1", 0, options); });
    });
    std::printf("user memory of an idle TLS connection: %zu bytes by hand, %zu of a protocol, "
                "%zu of streams\n",
                floor, protocol, streams);
    EXPECT_LE(protocol, floor + 2048);
    EXPECT_LE(streams, floor + 2048);
}

} // namespace
} // namespace hocket
