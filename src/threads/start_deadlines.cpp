#include "threads/start_deadlines.hpp"

#include <string>
#include <vector>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

StartDeadlines::~StartDeadlines() {
    {
        const std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void StartDeadlines::add(Work& work, std::chrono::nanoseconds timeout) {
    const std::scoped_lock lock(mutex_);
    if (!thread_.joinable()) {
        thread_ = std::thread([this] { watch(); });
    }
    const auto entry = order_.emplace(deadline_after(timeout), &work);
    entries_.emplace(&work, entry);
    if (entry == order_.begin()) {
        changed_.notify_one();
    }
}

void StartDeadlines::remove(Work& work) noexcept {
    const std::scoped_lock lock(mutex_);
    if (const auto found = entries_.find(&work); found != entries_.end()) {
        order_.erase(found->second);
        entries_.erase(found);
    }
}

void StartDeadlines::watch() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
        if (order_.empty()) {
            changed_.wait(lock);
        } else if (const Time next = order_.begin()->first;
                   next > std::chrono::steady_clock::now()) {
            changed_.wait_until(lock, next);
        } else {
            expire_due(lock);
        }
    }
}

void StartDeadlines::expire_due(std::unique_lock<std::mutex>& lock) {
    struct Late {
        FuturePointer<FutureStateBase> future; // the work may be destroyed once unlocked
        std::string name;
    };
    std::vector<Late> late;
    const Time now = std::chrono::steady_clock::now();
    while (!order_.empty() && order_.begin()->first <= now) {
        Work& work = *order_.begin()->second;
        work.future()->ref();
        late.push_back({FuturePointer<FutureStateBase>(work.future()), work.options->name.str()});
        entries_.erase(&work);
        order_.erase(order_.begin());
    }
    lock.unlock(); // the futures' callbacks may submit more work
    for (const Late& one : late) {
        const std::string what = one.name.empty() ? "the work" : "'" + one.name + "'";
        one.future->fail_if_pending(
            std::make_exception_ptr(TimeoutError(what + " did not start within its timeout")));
    }
    late.clear();
    lock.lock();
}

} // namespace hocket::detail
