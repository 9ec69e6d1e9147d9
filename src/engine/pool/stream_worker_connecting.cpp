// How a worker gets its stream, at once or later.

#include <algorithm>
#include <string>
#include <utility>

#include <sys/socket.h>

#include <hocket/engine/socket_address.hpp>

#include "engine/pool/stream_socket.hpp"
#include "engine/pool/stream_worker.hpp"

namespace hocket::engine {

namespace {

// A Unix socket loses nothing when its other end is closed, whatever was unread there.
bool is_unix_socket(int fd) noexcept { return SocketAddress::local_of(fd).family() == AF_UNIX; }

} // namespace

std::error_code StreamWorker::watch_peer() noexcept {
    prepare_stream_socket(peer_.socket.fileno());
    loses_nothing_ = is_unix_socket(peer_.socket.fileno());
    return pool_.reactor().poller().add(*this, peer_.socket.fileno(), readable);
}

void StreamWorker::on_process_started(std::string name, pid_t pid) {
    peer_.name = std::move(name);
    peer_.pid = pid;
    if (!has_greeted_.load(std::memory_order_relaxed) && !is_lost_) {
        hello_due_ = Reactor::now() + options_.hello_timeout;
        arm_timer();
    }
}

std::error_code StreamWorker::connect(FileDescriptor socket, std::span<const char> received) {
    {
        const std::scoped_lock lock(mutex_);
        if (is_killed_ || peer_.socket.is_open()) {
            return std::make_error_code(std::errc::already_connected);
        }
        peer_.socket = std::move(socket);
        if (const auto error = watch_peer()) {
            return error;
        }
        write_some();
    }
    last_heard_ = Reactor::now();
    for (std::string why; !received.empty();) {
        const std::span<char> space = reader_.space();
        const std::size_t count = std::min(space.size(), received.size());
        std::ranges::copy(received.first(count), space.begin());
        received = received.subspan(count);
        if (why = take_bytes(count); !why.empty()) {
            lose(why, false);
            return {};
        }
    }
    arm_timer(); // what is due depends on whether it has said hello
    if (has_greeted_.load(std::memory_order_relaxed)) {
        pool_.on_answers_received();
    }
    return {};
}

} // namespace hocket::engine
