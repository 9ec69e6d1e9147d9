// The floor for the TLS echo rows: `epoll_tls_echo PORT PEM`, where PEM holds a certificate and its
// key. OpenSSL on the socket itself, reading ahead, so that a record costs one read and one write.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    ERR_print_errors_fp(stderr);
    std::exit(1);
}

struct Connection {
    int fd;
    SSL* ssl;
};

int listen_on(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 1000) != 0)
        fail("listen");
    return fd;
}

void watch(int epoll, int fd, Connection* connection) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void close_connection(Connection* connection) {
    ERR_clear_error();
    SSL_free(connection->ssl);
    ::close(connection->fd);
    delete connection;
}

void echo(Connection* connection) {
    static std::array<char, std::size_t{64} * 1024> buffer;
    do {
        const int size = SSL_read(connection->ssl, buffer.data(), static_cast<int>(buffer.size()));
        if (size <= 0) {
            if (SSL_get_error(connection->ssl, size) != SSL_ERROR_WANT_READ)
                close_connection(connection);
            return;
        }
        // Its clients read as fast as they write: the socket has room.
        if (SSL_write(connection->ssl, buffer.data(), size) != size) fail("SSL_write");
    } while (SSL_has_pending(connection->ssl) == 1);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT PEM\n", argv[0]), 2;
    SSL_CTX* const ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    if (SSL_CTX_use_certificate_chain_file(ctx, argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, argv[2], SSL_FILETYPE_PEM) != 1)
        fail(argv[2]);
    const int listening = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listening, nullptr);
    for (;;) {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            if (auto* const connection =
                    static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr)) {
                echo(connection);
                continue;
            }
            const int fd = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) continue;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            SSL* const ssl = SSL_new(ctx);
            SSL_set_fd(ssl, fd);
            SSL_set_accept_state(ssl);
            watch(epoll, fd, new Connection{fd, ssl});
        }
    }
}
