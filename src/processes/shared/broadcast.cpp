#include "processes/shared/broadcast.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/event_loop.hpp>

#include "engine/last_error.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"

namespace hocket::detail {

namespace {

timespec remaining(std::chrono::steady_clock::time_point deadline) noexcept {
    using namespace std::chrono;
    const auto now = steady_clock::now();
    const nanoseconds left = deadline > now ? deadline - now : nanoseconds(0);
    const auto whole = floor<seconds>(left);
    return {static_cast<std::time_t>(whole.count()), static_cast<long>((left - whole).count())};
}

Coro<> await_ready(int fd, FdWatch::Direction direction) {
    const auto own = engine::FileDescriptor::duplicate(fd);
    FdReady ready(get_running_loop().state().network, own.fileno(), direction);
    co_await ready;
}

} // namespace

bool wait_until_ready(int fd, short events, const Deadline& deadline) {
    for (;;) {
        pollfd watched{fd, events, 0};
        timespec left{};
        if (deadline) {
            left = remaining(*deadline);
        }
        const int ready = ::ppoll(&watched, 1, deadline ? &left : nullptr, nullptr);
        if (ready >= 0) {
            return ready > 0;
        }
        if (errno != EINTR) {
            engine::throw_errno("poll a descriptor shared by processes");
        }
    }
}

Coro<> await_readable(int fd) { return await_ready(fd, FdWatch::Direction::read); }
Coro<> await_writable(int fd) { return await_ready(fd, FdWatch::Direction::write); }

Broadcast::Broadcast() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_.is_open()) {
        engine::throw_errno("create an eventfd to wake other processes");
    }
}

void Broadcast::notify_all() const noexcept {
    // Fails only if the counter is full, after 2^64 notifications.
    const std::uint64_t one = 1;
    static_cast<void>(!::write(fd_.fileno(), &one, sizeof one));
}

BroadcastListener::BroadcastListener(const Broadcast& broadcast)
    : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!set_.is_open()) {
        engine::throw_errno("create an epoll set to wait for other processes");
    }
    epoll_event event{};
    event.events =
        EPOLLIN | EPOLLET; // one event for each notification, although the eventfd is never read
    if (::epoll_ctl(set_.fileno(), EPOLL_CTL_ADD, broadcast.fileno(), &event) != 0) {
        engine::throw_errno("wait for other processes");
    }
    ::epoll_wait(set_.fileno(), &event, 1, 0); // consumes past notifications
}

void BroadcastListener::add_process(engine::FileDescriptor process) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(set_.fileno(), EPOLL_CTL_ADD, process.fileno(), &event) != 0) {
        engine::throw_errno("watch another process");
    }
    processes_.push_back(std::move(process));
}

bool BroadcastListener::wait(const Deadline& deadline) const {
    return wait_until_ready(set_.fileno(), POLLIN, deadline);
}

} // namespace hocket::detail
