#include "crawl/blocking_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "crawl/messages.hpp"

namespace crawl {
namespace {

/// A host name that leads nowhere; the text is getaddrinfo's.
struct NoSuchHost {
    std::string message;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const web::Url& url) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error =
        ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
    if (error != 0) throw NoSuchHost{::gai_strerror(error)};
    return {found, &::freeaddrinfo};
}

[[noreturn]] void throw_errno(int error, const char* call) {
    throw std::system_error(error, std::generic_category(), call);
}

} // namespace

bool BlockingConnection::is_open_to(const web::Url& url) const {
    return socket_ >= 0 && authority_ == url.authority();
}

void BlockingConnection::open(const web::Url& url, Deadline deadline) {
    close();
    const Addresses addresses = addresses_of(url);
    int error = 0;
    for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
        error = connect_to(*address, deadline);
        if (error == 0) {
            authority_ = url.authority();
            return;
        }
        close();
    }
    throw_errno(error, "connect");
}

/// 0, or the error.
int BlockingConnection::connect_to(const addrinfo& address, Deadline deadline) {
    socket_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return errno;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    wait_until_ready(socket_, POLLOUT, deadline);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

void BlockingConnection::close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
}

void BlockingConnection::send(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            wait_until_ready(socket_, POLLOUT, deadline);
        } else if (errno != EINTR) {
            throw_errno(errno, "send");
        }
    }
}

std::size_t BlockingConnection::receive(std::span<char> space, Deadline deadline) {
    for (;;) {
        wait_until_ready(socket_, POLLIN, deadline);
        const ssize_t received = ::recv(socket_, space.data(), space.size(), 0);
        if (received >= 0) return static_cast<std::size_t>(received);
        if (errno != EAGAIN && errno != EINTR) throw_errno(errno, "recv");
    }
}

void BlockingConnection::wait_until_ready(int descriptor, short events, Deadline deadline) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        std::array<pollfd, 2> watched{{{descriptor, events, 0}, {interrupt_.fileno(), POLLIN, 0}}};
        const int ready = ::poll(watched.data(), watched.size(),
                                 static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready < 0 && errno != EINTR) throw_errno(errno, "poll");
        if (interrupt_.requested()) throw Interrupted{};
        if (ready == 0) throw TimedOut{};
        if (ready > 0) return;
    }
}

namespace {

void send_and_receive(BlockingConnection& connection, web::PageFetch& fetch, Deadline deadline) {
    connection.send(fetch.request(), deadline);
    std::array<char, 64 * 1024> space;
    while (!fetch.parser().complete()) {
        const std::size_t size = connection.receive(space, deadline);
        if (size == 0) {
            connection.close();
            fetch.parser().finish();
        } else if (fetch.parser().feed({space.data(), size}) < size) {
            connection.close(); // more than was asked for: the server cannot be trusted
        }
    }
    if (!fetch.parser().response().keep_alive) connection.close();
}

void exchange(BlockingConnection& connection, web::PageFetch& fetch, Deadline deadline) {
    if (connection.is_open_to(fetch.url())) {
        try {
            return send_and_receive(connection, fetch, deadline);
        } catch (const std::system_error&) {
            if (fetch.parser().started()) throw;
        } catch (const web::HttpError&) {
            if (fetch.parser().started()) throw;
        }
        // The server had closed the idle connection before our request came: ask again.
        fetch.restart();
    }
    connection.open(fetch.url(), deadline);
    send_and_receive(connection, fetch, deadline);
}

} // namespace

web::PageOutcome fetch_page(BlockingConnection& connection, web::PageFetch fetch,
                            std::chrono::milliseconds timeout) {
    const Deadline deadline = std::chrono::steady_clock::now() + timeout;
    try {
        do exchange(connection, fetch, deadline);
        while (fetch.follow());
        return fetch.outcome();
    } catch (const web::HttpError& error) {
        connection.close();
        return fetch.failed(error);
    } catch (const std::system_error& error) {
        connection.close();
        return fetch.failed(error.code());
    } catch (const TimedOut&) {
        connection.close();
        return fetch.failed(web::Problem::timeout, no_answer_within(timeout));
    } catch (const NoSuchHost& error) {
        return fetch.failed(web::Problem::unreachable, error.message);
    }
}

} // namespace crawl
