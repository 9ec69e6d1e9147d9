#include <hocket/process_event.hpp>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/last_error.hpp"
#include "processes/shared/broadcast.hpp"

namespace hocket {

ProcessEvent::ProcessEvent()
    : flag_(std::make_shared<const engine::FileDescriptor>(
          ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
    if (!flag_->is_open()) {
        engine::throw_errno("create a ProcessEvent");
    }
}

bool ProcessEvent::is_set() const {
    return wait_until(std::chrono::steady_clock::time_point::min());
}

void ProcessEvent::set() const noexcept {
    // Fails only if it has been set 2^64 times.
    const std::uint64_t one = 1;
    static_cast<void>(!::write(flag_->fileno(), &one, sizeof one));
}

void ProcessEvent::clear() const noexcept {
    // Reading resets the counter; it fails if the counter is 0.
    std::uint64_t count = 0;
    static_cast<void>(!::read(flag_->fileno(), &count, sizeof count));
}

bool ProcessEvent::wait_until(const detail::Deadline& deadline) const {
    return detail::wait_until_ready(flag_->fileno(), POLLIN, deadline);
}

Coro<bool> ProcessEvent::await_flag(ProcessEvent event) {
    while (!event.is_set()) {
        co_await detail::await_readable(event.flag_->fileno());
    }
    co_return true;
}

void ProcessEvent::msgpack_unpack(const msgpack::object& object) {
    flag_ = std::make_shared<const engine::FileDescriptor>(
        detail::take_descriptor(object.as<std::uint32_t>()));
}

} // namespace hocket
