#include <hocket/pass_fds.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "engine/descriptor_passing.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"

namespace hocket {

namespace {

void require_sendable(std::string_view data, std::span<const int> fds) {
    if (data.empty()) {
        throw ValueError("descriptors are sent with at least one byte of data");
    }
    if (fds.size() > engine::most_descriptors) {
        throw ValueError(std::to_string(fds.size()) + " descriptors are too many: at most " +
                         std::to_string(engine::most_descriptors) + " go with one message");
    }
}

bool would_block(std::error_code error) noexcept {
    return error == std::errc::operation_would_block ||
           error == std::errc::resource_unavailable_try_again;
}

std::error_code try_receive(const Socket& socket, std::size_t maxfds, ReceivedFds& received) {
    const engine::Passed got = engine::receive_some(
        socket.fileno(), received.data, std::min(maxfds, engine::most_descriptors), received.fds);
    if (!got.error) {
        received.data.resize(got.size);
        received.flags = got.flags;
        received.address = got.sender;
    }
    return got.error;
}

Coro<std::size_t> send_when_writable(detail::LoopNetwork& network, const Socket& socket,
                                     std::string_view data, std::vector<int> fds) {
    require_sendable(data, fds);
    for (;;) {
        const engine::Passed sent = engine::send_some(socket.fileno(), data, fds);
        if (!sent.error) {
            co_return sent.size;
        }
        if (!would_block(sent.error)) {
            throw std::system_error(sent.error, "sendmsg to " + socket.peer_address().text());
        }
        detail::FdReady ready(network, socket.fileno(), detail::FdWatch::Direction::write);
        co_await ready;
    }
}

Coro<ReceivedFds> receive_when_readable(detail::LoopNetwork& network, const Socket& socket,
                                        std::size_t bufsize, std::size_t maxfds) {
    ReceivedFds received;
    received.data.resize(bufsize);
    for (;;) {
        const std::error_code error = try_receive(socket, maxfds, received);
        if (!error) {
            co_return received;
        }
        if (!would_block(error)) {
            throw std::system_error(error, "recvmsg from " + socket.peer_address().text());
        }
        detail::FdReady ready(network, socket.fileno(), detail::FdWatch::Direction::read);
        co_await ready;
    }
}

} // namespace

std::size_t send_fds(const Socket& socket, std::string_view data, std::span<const int> fds) {
    require_sendable(data, fds);
    const engine::Passed sent = engine::send_some(socket.fileno(), data, fds);
    if (sent.error) {
        throw std::system_error(sent.error, "sendmsg to " + socket.peer_address().text());
    }
    return sent.size;
}

ReceivedFds recv_fds(const Socket& socket, std::size_t bufsize, std::size_t maxfds) {
    ReceivedFds received;
    received.data.resize(bufsize);
    if (const std::error_code error = try_receive(socket, maxfds, received)) {
        throw std::system_error(error, "recvmsg from " + socket.peer_address().text());
    }
    return received;
}

Coro<std::size_t> LoopIo::sock_send_fds(const Socket& socket, std::string_view data,
                                        std::vector<int> fds) {
    return send_when_writable(loop().state().network, socket, data, std::move(fds));
}

Coro<ReceivedFds> LoopIo::sock_recv_fds(const Socket& socket, std::size_t bufsize,
                                        std::size_t maxfds) {
    return receive_when_readable(loop().state().network, socket, bufsize, maxfds);
}

} // namespace hocket
