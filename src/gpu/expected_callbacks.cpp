#include "gpu/expected_callbacks.hpp"

#include <chrono>
#include <new>
#include <utility>
#include <vector>

#include "gpu/start_thread.hpp"

namespace hocket::detail::gpu {

using namespace std::chrono_literals;

ExpectedCallbacks& ExpectedCallbacks::of_process() {
    static auto* const all = new ExpectedCallbacks;
    return *all;
}

bool ExpectedCallbacks::watch(EventPointer event) {
    if (!event->driver().calls_back()) {
        return false;
    }
    std::uintptr_t number = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (!has_thread_) {
            start_thread("hocket gpu check", [this] { check_now_and_then(); });
            has_thread_ = true;
        }
        number = ++last_number_;
        events_.emplace(number, event);
        if (thread_rests_) {
            has_events_.notify_one();
        }
    }
    if (event->ask_for_callback(number)) {
        return true;
    }
    static_cast<void>(take(number));
    return false;
}

EventPointer ExpectedCallbacks::take(std::uintptr_t number) noexcept {
    const std::scoped_lock lock(mutex_);
    auto found = events_.extract(number);
    return found.empty() ? EventPointer() : std::move(found.mapped());
}

void ExpectedCallbacks::check_now_and_then() noexcept {
    constexpr auto interval = 10ms;
    std::unique_lock lock(mutex_);
    for (;;) {
        const std::uintptr_t before = last_number_;
        has_events_.wait_for(lock, interval);
        try {
            finish_forgotten(lock);
        } catch (const std::bad_alloc&) { // the next round may succeed
        }
        // While events come and go, it need not be woken for them.
        if (events_.empty() && last_number_ == before) {
            thread_rests_ = true;
            has_events_.wait(lock, [this] { return !events_.empty(); });
            thread_rests_ = false;
        }
    }
}

void ExpectedCallbacks::finish_forgotten(std::unique_lock<std::mutex>& lock) {
    std::vector<std::pair<std::uintptr_t, EventPointer>> all(events_.begin(), events_.end());
    lock.unlock();
    for (const auto& [number, event] : all) {
        if (event->is_complete()) {
            static_cast<void>(take(number));
        }
    }
    all.clear(); // may release the drivers' objects, which takes time
    lock.lock();
}

} // namespace hocket::detail::gpu
