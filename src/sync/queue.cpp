#include <hocket/queue.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace hocket::detail {

QueueBase::QueueBase(std::size_t maxsize) noexcept
    : maxsize_(maxsize), room_(maxsize == 0 ? std::numeric_limits<std::size_t>::max() : maxsize) {}

void QueueBase::finish_one() {
    if (unfinished_ == 0) {
        throw ValueError("Queue::task_done() called too many times: every item is already done");
    }
    joiners_.require_own_thread("Queue");
    if (--unfinished_ == 0) {
        joiners_.release_all(Waiter::State::served);
    }
}

void QueueBase::shut_down() {
    getters_.require_own_thread("Queue");
    putters_.require_own_thread("Queue");
    joiners_.require_own_thread("Queue");
    shut_down_ = true;
    recall_if_shut_down();
    putters_.release_all(Waiter::State::turned_away);
    room_ += putters_.turn_away_woken();
}

void QueueBase::forget_items(std::size_t count) noexcept {
    getters_.turn_away_woken();
    items_ = 0;
    room_ += count;
    const bool joinable = unfinished_ > 0;
    unfinished_ -= std::min(count, unfinished_);
    if (joinable && unfinished_ == 0) {
        joiners_.release_all(Waiter::State::served);
    }
}

void QueueBase::throw_shut_down() { throw QueueShutDown(); }

void QueueBase::throw_no_item() const {
    if (shut_down_) {
        throw QueueShutDown();
    }
    throw QueueEmpty();
}

void QueueBase::throw_no_room() const {
    if (shut_down_) {
        throw QueueShutDown();
    }
    throw QueueFull();
}

// Handles all cases but a grant that the task accepts.
void QueueWaiter::check_again(QueueBase& queue, WaitQueue& waiters, bool cancelled) {
    if (cancelled) {
        if (state() == State::granted) {
            waiters.remove(*this);
            if (&waiters == &queue.getters_) {
                queue.offer_item();
            } else {
                queue.reserve_room();
            }
        }
        task().throw_cancelled();
    }
    if (state() == State::orphaned) {
        throw_orphaned("Queue");
    }
    // If linked, this is a getter that was recalled, and the queue still exists. As in Python, it
    // takes an item if there is one, for example from a cancelled getter.
    if (!is_linked() || !queue.claim_item()) {
        throw QueueShutDown();
    }
}

QueueJoin::operator Coro<void>() const { return await_in_coro<QueueJoin, QueueBase&>(queue_); }

} // namespace hocket::detail
