#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "client.hpp"

namespace load {

[[noreturn]] inline void fail_tls(const char* call) {
    std::fprintf(stderr, "%s:\n", call);
    ERR_print_errors_fp(stderr);
    std::exit(1);
}

/// The context of all connections. It does not verify the server's certificate, because that would
/// cost only the client's time.
inline SSL_CTX* tls_context() {
    static SSL_CTX* const context = [] {
        SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
        if (made == nullptr) fail_tls("SSL_CTX_new");
        SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
        return made;
    }();
    return context;
}

/// A TLS connection on a non-blocking socket. It times out after five seconds without data.
class TlsConnection {
public:
    /// Resumes `session` unless it is null.
    TlsConnection(std::uint16_t port, std::size_t number, SSL_SESSION* session = nullptr)
        : fd_(connect_to(port, number)), ssl_(SSL_new(tls_context())) {
        if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd_) != 1) fail_tls("SSL_new");
        if (session != nullptr && SSL_set_session(ssl_.get(), session) != 1)
            fail_tls("SSL_set_session");
        ::fcntl(fd_, F_SETFL, O_NONBLOCK);
        while (const int wanted = wanted_after(SSL_connect(ssl_.get()))) wait_until(wanted);
    }
    TlsConnection(TlsConnection&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), ssl_(std::move(other.ssl_)) {}
    ~TlsConnection() {
        if (fd_ < 0) return;
        SSL_shutdown(ssl_.get());
        ssl_.reset();
        ::close(fd_);
    }

    int fileno() const { return fd_; }
    SSL* ssl() const { return ssl_.get(); }

    void send_all(std::string_view bytes) {
        while (const int wanted = wanted_after(
                   SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))))
            wait_until(wanted);
    }

    /// Like recv: returns -1 with EAGAIN if no data is available, and 0 after the server's
    /// close_notify. OpenSSL does not read ahead, so unread data stays in the socket.
    ssize_t receive(char* into, std::size_t size) {
        const int count = SSL_read(ssl_.get(), into, static_cast<int>(size));
        if (count > 0) return count;
        if (SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN) return 0;
        wanted_after(count);
        errno = EAGAIN;
        return -1;
    }

    std::string exchange(std::string_view request) {
        send_all(request);
        std::string reply(request.size(), '\0');
        for (std::size_t received = 0; received < reply.size();) {
            const ssize_t count = receive(reply.data() + received, reply.size() - received);
            if (count == 0) fail("the server ended the TLS connection");
            if (count < 0) wait_until(POLLIN);
            if (count > 0) received += static_cast<std::size_t>(count);
        }
        return reply;
    }

    /// Sends close_notify, and polls for the server's: see PingPong::run_for.
    void close() {
        SSL_shutdown(ssl_.get());
        char byte;
        while (receive(&byte, 1) != 0) {
        }
    }

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    /// The event to poll for before the call is repeated; 0 if the call is done.
    int wanted_after(int result) {
        if (result > 0) return 0;
        switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return POLLIN;
        case SSL_ERROR_WANT_WRITE: return POLLOUT;
        default: fail_tls("TLS");
        }
    }

    void wait_until(int wanted) {
        pollfd ready{fd_, static_cast<short>(wanted), 0};
        if (::poll(&ready, 1, 5000) != 1) fail("the server stayed silent");
    }

    int fd_;
    std::unique_ptr<SSL, Free> ssl_;
};

} // namespace load
