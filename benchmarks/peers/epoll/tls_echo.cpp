// The minimum for the TLS rows: `epoll_tls_echo PORT CERTIFICATE`. The same file contains the key.
//
// OpenSSL uses the socket itself, and reads as much as is available (read-ahead): one read and one
// write for each message. Without read-ahead, a record takes two reads, for its header and its
// body. With memory BIOs, each byte is copied twice more.

#include <openssl/ssl.h>

#include <csignal>

#include "sockets.hpp"

namespace {

struct Connection {
    int fd;
    SSL* ssl;
    std::string unsent;
};

class Server {
public:
    Server(std::uint16_t port, const char* certificate)
        : context_(SSL_CTX_new(TLS_server_method())), listener_(epoll::listen_on_loopback(port)) {
        if (SSL_CTX_use_certificate_chain_file(context_, certificate) != 1 ||
            SSL_CTX_use_PrivateKey_file(context_, certificate, SSL_FILETYPE_PEM) != 1)
            epoll::fail(certificate);
        SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
        SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(context_, 1);
        SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>("echo"), 4);
        epoll_event event{EPOLLIN, {.ptr = nullptr}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
    }

    void serve_forever() {
        epoll_event events[256];
        for (;;) {
            const int ready = ::epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < ready; ++i) {
                auto* connection = static_cast<Connection*>(events[i].data.ptr);
                if (connection == nullptr) {
                    accept_all();
                } else if (connection->unsent.empty() || flush(*connection)) {
                    receive(*connection);
                }
            }
        }
    }

private:
    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            SSL* const ssl = SSL_new(context_);
            SSL_set_fd(ssl, fd);
            SSL_set_accept_state(ssl); // the first reads do the handshake
            epoll_event event{EPOLLIN, {.ptr = new Connection{fd, ssl, {}}}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
        }
    }

    /// Reads one record, and those that arrived with it.
    void receive(Connection& connection) {
        do {
            const int count = SSL_read(connection.ssl, buffer_, sizeof buffer_);
            if (count <= 0) {
                if (SSL_get_error(connection.ssl, count) != SSL_ERROR_WANT_READ) end(connection);
                return;
            }
            send(connection, static_cast<std::size_t>(count));
        } while (connection.unsent.empty() && SSL_has_pending(connection.ssl) == 1);
    }

    void send(Connection& connection, std::size_t length) {
        const int sent = SSL_write(connection.ssl, buffer_, static_cast<int>(length));
        if (sent == static_cast<int>(length)) return;
        const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
        connection.unsent.assign(buffer_ + taken, length - taken);
        watch(connection, EPOLLOUT); // stop reading from a peer that does not receive its answers
    }

    /// Returns true if the peer has received everything.
    bool flush(Connection& connection) {
        const int sent = SSL_write(connection.ssl, connection.unsent.data(),
                                   static_cast<int>(connection.unsent.size()));
        if (sent > 0) {
            connection.unsent.erase(0, static_cast<std::size_t>(sent));
        } else if (SSL_get_error(connection.ssl, sent) != SSL_ERROR_WANT_WRITE) {
            end(connection);
            return false;
        }
        if (!connection.unsent.empty()) return false;
        watch(connection, EPOLLIN);
        return true;
    }

    void watch(Connection& connection, std::uint32_t events) {
        epoll_event event{events, {.ptr = &connection}};
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
    }

    void end(Connection& connection) {
        if (SSL_get_shutdown(connection.ssl) == SSL_RECEIVED_SHUTDOWN) SSL_shutdown(connection.ssl);
        SSL_free(connection.ssl);
        ::close(connection.fd);
        delete &connection;
    }

    SSL_CTX* context_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int listener_;
    char buffer_[65536];
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT CERTIFICATE\n", argv[0]), 2;
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to sockets without MSG_NOSIGNAL
    static Server server(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]);
    server.serve_forever();
}
