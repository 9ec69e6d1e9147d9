#include <hocket/queue.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace hocket::detail {

QueueBase::QueueBase(std::size_t maxsize) noexcept
    : maxsize_(maxsize), room_(maxsize == 0 ? std::numeric_limits<std::size_t>::max() : maxsize) {}

void QueueBase::finish_one() {
    if (unfinished_ == 0) {
        throw ValueError(
            "Queue::task_done() called too many times: no item that was put is unfinished");
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
    getters_.release_all(Waiter::State::turned_away);
    putters_.release_all(Waiter::State::turned_away);
    room_ += putters_.turn_away_granted();
}

void QueueBase::forget_items(std::size_t count) noexcept {
    getters_.turn_away_granted();
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

void QueueWaiter::give_up(QueueBase& queue, Line& line, bool cancelled) {
    if (state() == State::granted) {
        line.remove(*this);
        if (&line == &queue.getters_) {
            queue.offer_item();
        } else {
            queue.reserve_room();
        }
    }
    if (cancelled) {
        task().throw_cancelled();
    }
    if (state() == State::orphaned) {
        throw_orphaned("Queue");
    }
    throw QueueShutDown();
}

} // namespace hocket::detail
