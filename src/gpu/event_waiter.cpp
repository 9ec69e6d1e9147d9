#include "gpu/event_waiter.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

namespace hocket::detail::gpu {

using namespace std::chrono_literals;

void EventWaiter::watch(EventPointer event) {
    const std::scoped_lock lock(mutex_);
    if (append(event)) {
        return;
    }
    const StreamState* const stream = event->stream.get();
    Lane& lane = unclaimed_.emplace_back(Lane{stream, {}});
    try {
        lane.events.push_back(std::move(event));
        if (stream != nullptr) {
            lanes_[stream] = &lane;
        }
        provide_thread();
    } catch (const std::system_error&) {
        if (blocking_threads_ == 0) {
            remove_first(unclaimed_, std::prev(unclaimed_.end()));
            throw;
        }
        // The existing threads come to it later.
    }
}

/// Adds `event` to the lane of its stream, unless that waits for a later command already.
bool EventWaiter::append(EventPointer& event) {
    const auto found = lanes_.find(event->stream.get());
    if (found == lanes_.end() || found->second->events.back()->number > event->number) {
        return false;
    }
    found->second->events.push_back(std::move(event));
    return true;
}

/// Removes the first event of `lane`, and the lane if it then has none. Returns whether it has
/// none.
bool EventWaiter::remove_first(Lanes& from, Lanes::iterator lane) noexcept {
    lane->events.pop_front();
    if (!lane->events.empty()) {
        return false;
    }
    const auto found = lanes_.find(lane->stream);
    if (found != lanes_.end() && found->second == &*lane) {
        lanes_.erase(found);
    }
    from.erase(lane);
    return true;
}

void EventWaiter::provide_thread() {
    if (idle_threads_ >= unclaimed_.size()) {
        has_unclaimed_.notify_one();
    } else if (blocking_threads_ < most_blocking) {
        start_thread(&EventWaiter::block);
        ++blocking_threads_;
    } else {
        polled_.splice(polled_.end(), unclaimed_);
        if (has_poller_) {
            has_polled_.notify_one();
        } else {
            start_thread(&EventWaiter::poll);
            has_poller_ = true;
        }
    }
}

void EventWaiter::start_thread(void (EventWaiter::*body)() noexcept) {
    // Only the program's own threads should receive signals.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread(body, this).detach();
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void EventWaiter::block() noexcept {
    ::pthread_setname_np(::pthread_self(), "hocket gpu");
    std::unique_lock lock(mutex_);
    for (;;) {
        while (unclaimed_.empty()) {
            ++idle_threads_;
            has_unclaimed_.wait(lock);
            --idle_threads_;
        }
        const auto lane = unclaimed_.begin();
        blocked_.splice(blocked_.end(), unclaimed_, lane);
        for (bool is_done = false; !is_done;) {
            EventPointer event = lane->events.front();
            lock.unlock();
            event->finish(event->block());
            lock.lock();
            is_done = remove_first(blocked_, lane);
            if (is_done && unclaimed_.empty() && !polled_.empty()) {
                unclaimed_.splice(unclaimed_.end(), polled_, polled_.begin());
            }
            lock.unlock();
            event = EventPointer(); // may release the driver's objects, which takes time
            lock.lock();
        }
    }
}

void EventWaiter::poll() noexcept {
    ::pthread_setname_np(::pthread_self(), "hocket gpu poll");
    ::prctl(PR_SET_TIMERSLACK, 1); // nanosecond
    constexpr Clock::duration shortest = 20us;
    constexpr Clock::duration longest = 1ms;
    auto last_end = Clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        if (polled_.empty()) {
            has_polled_.wait(lock);
            last_end = Clock::now();
        } else if (finish_ended(lock)) {
            last_end = Clock::now();
        } else {
            // The longer it has taken, the less a delay matters.
            const auto now = Clock::now();
            const auto interval = std::clamp((now - last_end) / 8, shortest, longest);
            if (has_polled_.wait_until(lock, now + interval) == std::cv_status::no_timeout) {
                last_end = Clock::now();
            }
        }
    }
}

/// Asks for the first event of each polled lane. Returns whether any had happened.
bool EventWaiter::finish_ended(std::unique_lock<std::mutex>& lock) noexcept {
    bool found = false;
    for (std::size_t left = polled_.size(); left > 0 && !polled_.empty(); --left) {
        const auto lane = polled_.begin();
        EventPointer event = lane->events.front();
        if (event->done()) {
            remove_first(polled_, lane);
            lock.unlock();
        } else {
            polled_.splice(polled_.end(), polled_, lane);
            lock.unlock(); // from here on, another thread may take the lane
            found |= event->is_complete();
        }
        event = EventPointer();
        lock.lock();
    }
    return found;
}

} // namespace hocket::detail::gpu
