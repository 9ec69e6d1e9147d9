#include <hocket/detail/sync/threadsafe_queue_base.hpp>

#include <algorithm>

namespace hocket::detail {

ThreadsafeQueueBase::ThreadsafeQueueBase(std::size_t maxsize) noexcept
    : putters_(lock_, maxsize == 0 ? ThreadsafeWaitQueue::unlimited : maxsize), maxsize_(maxsize) {}

void ThreadsafeQueueBase::task_done() {
    const std::scoped_lock lock(lock_);
    if (unfinished_ == 0) {
        throw ValueError("ThreadsafeQueue::task_done() called too many times: every item is "
                         "already done");
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

void ThreadsafeQueueBase::end(std::size_t items) noexcept {
    ended_ = true;
    putters_.end();
    end_getters_without(items);
}

// Getters that were granted an item find out when they try to take it.
void ThreadsafeQueueBase::forget(std::size_t count) noexcept {
    getters_.close();
    getters_.end();
    const bool joinable = unfinished_ > 0;
    unfinished_ -= std::min(count, unfinished_);
    if (joinable && unfinished_ == 0) {
        joiners_.open();
    }
}

void ThreadsafeQueueBase::throw_no_item() const {
    const std::scoped_lock lock(lock_);
    if (getters_.has_ended()) {
        throw QueueShutDown();
    }
    throw QueueEmpty();
}

} // namespace hocket::detail
