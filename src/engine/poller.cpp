#include "engine/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include <sys/syscall.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

constexpr std::size_t first_batch = 64;
constexpr std::size_t largest_batch = 4096;
constexpr Nanoseconds second = 1'000'000'000;
constexpr Nanoseconds millisecond = 1'000'000;

} // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), events_(first_batch) {
    if (epoll_ < 0) {
        throw std::system_error(last_error(), "epoll_create1");
    }
}

Poller::~Poller() { ::close(epoll_); }

std::error_code Poller::control(int operation, int fd, std::uint32_t interest,
                                std::uint32_t slot) const noexcept {
    epoll_event event{};
    event.events = interest;
    event.data.u64 = (std::uint64_t{slots_[slot].generation} << 32) | slot;
    return ::epoll_ctl(epoll_, operation, fd, &event) == 0 ? std::error_code() : last_error();
}

std::error_code Poller::add(Watcher& watcher, int fd, std::uint32_t interest) noexcept {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    auto error = control(EPOLL_CTL_ADD, fd, interest, slot);
    if (error == std::errc::file_exists && !is_watched(fd)) {
        // It was closed without being removed, and the same file has the number again.
        error = control(EPOLL_CTL_MOD, fd, interest, slot);
    }
    if (error) {
        return error;
    }
    free_.pop_back();
    slots_[slot].watcher = &watcher;
    watcher.fd_ = fd;
    watcher.interest_ = interest;
    watcher.slot_ = slot;
    return {};
}

bool Poller::is_watched(int fd) const noexcept {
    return std::any_of(slots_.begin(), slots_.end(), [fd](const Slot& slot) {
        return slot.watcher != nullptr && slot.watcher->fd_ == fd;
    });
}

std::error_code Poller::change(Watcher& watcher, std::uint32_t interest) noexcept {
    return interest == watcher.interest_ ? std::error_code()
                                         : control(EPOLL_CTL_MOD, watcher, interest);
}

std::error_code Poller::renew(Watcher& watcher, std::uint32_t interest) noexcept {
    const auto error = control(EPOLL_CTL_MOD, watcher, interest);
    // It was closed, and another file has the number.
    return error == std::errc::no_such_file_or_directory ? control(EPOLL_CTL_ADD, watcher, interest)
                                                         : error;
}

std::error_code Poller::control(int operation, Watcher& watcher, std::uint32_t interest) noexcept {
    const auto error = control(operation, watcher.fd_, interest, watcher.slot_);
    if (!error) {
        watcher.interest_ = interest;
    }
    return error;
}

void Poller::remove(Watcher& watcher) noexcept {
    if (!watcher.is_watching()) {
        return;
    }
    // Fails only if the descriptor is already closed. The kernel has removed it then, unless its
    // file is open under another number or in another process: see forget_closed_files.
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watcher.fd_, nullptr);
    Slot& slot = slots_[watcher.slot_];
    slot.watcher = nullptr;
    ++slot.generation;
    slot.removed_in = batch_;
    free_.push_back(watcher.slot_);
    watcher.slot_ = Watcher::none;
    watcher.fd_ = -1;
    watcher.interest_ = 0;
}

int Poller::collect(Nanoseconds timeout) noexcept {
    const int capacity = static_cast<int>(events_.size());
#ifdef SYS_epoll_pwait2
    if (has_pwait2_ && timeout > 0) {
        const timespec wait{timeout / second, timeout % second};
        const long count =
            ::syscall(SYS_epoll_pwait2, epoll_, events_.data(), capacity, &wait, nullptr, 0);
        if (count >= 0 || errno == EINTR) {
            return count < 0 ? 0 : static_cast<int>(count);
        }
        has_pwait2_ = false; // before Linux 5.11, or forbidden in this container
    }
#endif
    int milliseconds = -1;
    if (timeout >= 0) {
        // Rounded up: waking before the deadline would spin.
        const Nanoseconds rounded = timeout / millisecond + (timeout % millisecond != 0 ? 1 : 0);
        milliseconds = rounded > INT_MAX ? INT_MAX : static_cast<int>(rounded);
    }
    const int count = ::epoll_wait(epoll_, events_.data(), capacity, milliseconds);
    return count < 0 ? 0 : count;
}

void Poller::dispatch(int count) noexcept {
    bool has_closed_files = false;
    ++batch_;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t key = events_[static_cast<std::size_t>(i)].data.u64;
        const auto slot = static_cast<std::uint32_t>(key);
        const auto generation = static_cast<std::uint32_t>(key >> 32);
        if (slots_[slot].watcher != nullptr && slots_[slot].generation == generation) {
            slots_[slot].watcher->on_ready(events_[static_cast<std::size_t>(i)].events);
        } else if (slots_[slot].removed_in != batch_ && slots_[slot].removed_in != batch_ - 1) {
            has_closed_files = true;
        }
    }
    if (has_closed_files) {
        forget_closed_files();
    }
    if (static_cast<std::size_t>(count) == events_.size() && events_.size() < largest_batch) {
        events_.resize(events_.size() * 2);
    }
}

// An event came for a watcher that was removed long ago: its descriptor had been closed by then,
// but the file is still open elsewhere. The kernel would report it in every poll. A new epoll
// descriptor does not have it.
void Poller::forget_closed_files() noexcept {
    const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
    if (fresh < 0) {
        return; // tried again at the next event
    }
    ::close(epoll_);
    epoll_ = fresh;
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (const Watcher* const watcher = slots_[slot].watcher) {
            // Fails for descriptors that are closed: there is nothing to watch.
            static_cast<void>(control(EPOLL_CTL_ADD, watcher->fd_, watcher->interest_, slot));
        }
    }
}

} // namespace hocket::engine
