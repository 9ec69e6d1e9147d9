#include "engine/timer_fd.hpp"

#include <cerrno>
#include <system_error>

#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

constexpr Nanoseconds one_second = 1'000'000'000;
constexpr Nanoseconds far = one_second / 10;

} // namespace

TimerFd::TimerFd(Poller& poller)
    : poller_(poller), timer_fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (timer_fd_ < 0) {
        throw_errno("timerfd_create");
    }
    if (const auto error = poller_.add(*this, timer_fd_, readable)) {
        ::close(timer_fd_);
        throw std::system_error(error, "epoll_ctl of a timerfd");
    }
}

TimerFd::~TimerFd() {
    poller_.remove(*this);
    ::close(timer_fd_);
}

bool TimerFd::covers(Nanoseconds deadline, Nanoseconds now) noexcept {
    if (deadline - now < far) {
        return false;
    }
    if (set_to_ == 0 || set_to_ > deadline) {
        const itimerspec at{{}, {deadline / one_second, deadline % one_second}};
        set_to_ = ::timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &at, nullptr) == 0 ? deadline : 0;
    }
    return set_to_ != 0;
}

void TimerFd::on_ready(std::uint32_t) noexcept {
    std::uint64_t times = 0;
    static_cast<void>(::read(timer_fd_, &times, sizeof times));
    set_to_ = 0;
}

} // namespace hocket::engine
