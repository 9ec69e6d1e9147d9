#include <hocket/detail/threadsafe_queue_base.hpp>

#include <algorithm>

namespace hocket::detail {

ThreadsafeQueueBase::ThreadsafeQueueBase(std::size_t maxsize) noexcept
    : putters_(lock_, maxsize == 0 ? ThreadsafeLine::unlimited : maxsize), maxsize_(maxsize) {}

void ThreadsafeQueueBase::task_done() {
    const std::scoped_lock lock(lock_);
    if (unfinished_ == 0) {
        throw ValueError("ThreadsafeQueue::task_done() called too many times: no item that was put "
                         "is unfinished");
    }
    if (--unfinished_ == 0) {
        joiners_.open();
    }
}

void ThreadsafeQueueBase::count_item() noexcept {
    if (unfinished_++ == 0) {
        joiners_.close();
    }
    getters_.offer();
}

void ThreadsafeQueueBase::end() noexcept {
    ended_ = true;
    getters_.end();
    putters_.end();
}

// Getters that were granted an item find that there is none as they take it.
void ThreadsafeQueueBase::forget(std::size_t count) noexcept {
    getters_.close();
    const bool joinable = unfinished_ > 0;
    unfinished_ -= std::min(count, unfinished_);
    if (joinable && unfinished_ == 0) {
        joiners_.open();
    }
}

void ThreadsafeQueueBase::throw_no_item() const {
    const std::scoped_lock lock(lock_);
    throw_if_ended();
    throw QueueEmpty();
}

} // namespace hocket::detail
