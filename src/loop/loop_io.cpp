#include <hocket/loop_io.hpp>

#include <cerrno>
#include <memory>
#include <utility>

#include <sys/socket.h>

#include <hocket/event_loop.hpp>

#include "engine/last_error.hpp"
#include "loop/context_scope.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"
#include "loop/report.hpp"

namespace hocket {

namespace detail {

namespace {

using Direction = FdWatch::Direction;

/// A callback given to add_reader or add_writer.
class FdCallback final : public FdListener {
public:
    FdCallback(LoopCore& loop, std::function<void()> function)
        : loop_(loop), function_(std::move(function)), context_(current_context()) {}

private:
    void on_fd_ready() noexcept override {
        const ContextScope scope(&context_);
        is_running_ = true;
        try {
            function_();
        } catch (...) {
            report_exception(loop_, "exception in a descriptor's callback",
                             std::current_exception());
        }
        is_running_ = false;
        if (is_released_) {
            delete this;
        }
    }
    void release() noexcept override {
        is_released_ = true;
        if (!is_running_) {
            delete this;
        }
    }

    LoopCore& loop_;
    std::function<void()> function_;
    ContextPointer context_;
    bool is_running_ = false;
    bool is_released_ = false;
};

void add_callback(EventLoop& loop, int fd, Direction direction, std::function<void()> function) {
    require_usable(loop);
    LoopNetwork& network = loop.state().network;
    auto callback = std::make_unique<FdCallback>(loop.core(), std::move(function));
    try {
        network.watch(fd).set(direction, callback.get());
    } catch (...) {
        network.prune_watch(fd);
        throw;
    }
    static_cast<void>(callback.release()); // the watch releases it
}

bool remove_listener(EventLoop& loop, int fd, Direction direction) {
    LoopNetwork& network = loop.state().network;
    FdWatch* const watch = network.find_watch(fd);
    if (watch == nullptr || watch->listener(direction) == nullptr) {
        return false;
    }
    watch->set(direction, nullptr);
    network.prune_watch(fd);
    return true;
}

Coro<std::size_t> receive(LoopNetwork& network, int fd, std::span<std::byte> space) {
    for (;;) {
        const ssize_t received = ::recv(fd, space.data(), space.size(), 0);
        if (received >= 0) {
            co_return static_cast<std::size_t>(received);
        }
        if (!engine::would_block() && errno != EINTR) {
            const std::error_code error = engine::last_error(); // before the next system call
            throw std::system_error(error, "recv from " + SocketAddress::peer_of(fd).text());
        }
        FdReady ready(network, fd, Direction::read);
        co_await ready;
    }
}

Coro<std::string> receive_string(LoopNetwork& network, int fd, std::size_t n) {
    std::string bytes(n, '\0');
    const std::size_t received =
        co_await receive(network, fd, std::as_writable_bytes(std::span(bytes)));
    bytes.resize(received);
    co_return bytes;
}

Coro<> connect_socket(LoopNetwork& network, Socket& socket, SocketAddress address) {
    std::error_code error = socket.connect(address);
    if (error == std::errc::operation_in_progress) {
        FdReady ready(network, socket.fileno(), Direction::write);
        co_await ready;
        error = socket.pending_error();
    }
    if (error) {
        throw std::system_error(error, "connect to " + address.text());
    }
}

Coro<std::pair<Socket, SocketAddress>> accept_socket(LoopNetwork& network, int fd) {
    for (;;) {
        Socket accepted(::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (accepted.is_open()) {
            const SocketAddress peer = accepted.peer_address();
            std::pair<Socket, SocketAddress> result(std::move(accepted), peer);
            co_return result;
        }
        if (errno != ECONNABORTED && !engine::would_block() && errno != EINTR) {
            const std::error_code error = engine::last_error();
            throw std::system_error(error, "accept on " + SocketAddress::local_of(fd).text());
        }
        FdReady ready(network, fd, Direction::read);
        co_await ready;
    }
}

Coro<std::vector<AddressInfo>> resolve(LoopNetwork& network, engine::ResolveQuery query) {
    Resolve asking(network.resolver(), std::move(query));
    std::vector<engine::ResolvedAddress> found = co_await asking;
    std::vector<AddressInfo> infos;
    for (engine::ResolvedAddress& each : found) {
        infos.push_back({each.address, each.type, each.protocol, std::move(each.canonical_name)});
    }
    co_return infos;
}

} // namespace

Coro<> send_all(LoopNetwork& network, int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            data.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (!engine::would_block() && errno != EINTR) {
            const std::error_code error = engine::last_error(); // before the next system call
            throw std::system_error(error, "send to " + SocketAddress::peer_of(fd).text());
        }
        FdReady ready(network, fd, Direction::write);
        co_await ready;
    }
}

} // namespace detail

using detail::Direction;

EventLoop& LoopIo::loop() noexcept { return static_cast<EventLoop&>(*this); }

void LoopIo::add_reader(int fd, std::function<void()> callback) {
    detail::add_callback(loop(), fd, Direction::read, std::move(callback));
}

bool LoopIo::remove_reader(int fd) { return detail::remove_listener(loop(), fd, Direction::read); }

void LoopIo::add_writer(int fd, std::function<void()> callback) {
    detail::add_callback(loop(), fd, Direction::write, std::move(callback));
}

bool LoopIo::remove_writer(int fd) { return detail::remove_listener(loop(), fd, Direction::write); }

Coro<std::string> LoopIo::sock_recv(const Socket& socket, std::size_t n) {
    return detail::receive_string(loop().state().network, socket.fileno(), n);
}

Coro<std::size_t> LoopIo::sock_recv_into(const Socket& socket, std::span<std::byte> space) {
    return detail::receive(loop().state().network, socket.fileno(), space);
}

Coro<> LoopIo::sock_sendall(const Socket& socket, std::string_view data) {
    return detail::send_all(loop().state().network, socket.fileno(), data);
}

Coro<> LoopIo::sock_connect(Socket& socket, SocketAddress address) {
    return detail::connect_socket(loop().state().network, socket, address);
}

Coro<std::pair<Socket, SocketAddress>> LoopIo::sock_accept(const Socket& socket) {
    return detail::accept_socket(loop().state().network, socket.fileno());
}

Coro<std::vector<AddressInfo>> LoopIo::getaddrinfo(std::string_view host, std::string_view service,
                                                   AddressInfoHints hints) {
    return detail::resolve(loop().state().network,
                           {std::string(host), std::string(service), hints.family, hints.type,
                            hints.proto, hints.flags});
}

} // namespace hocket
