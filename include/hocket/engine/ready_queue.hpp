#pragma once

#include <cassert>
#include <cstdint>

namespace hocket::engine {

/// Something a loop can run, such as a task's next step or a callback. An intrusive node, so that
/// becoming ready allocates nothing. A queued Runnable must stay alive until it has run.
class Runnable {
public:
    Runnable() noexcept = default;
    Runnable(const Runnable&) = delete;
    Runnable& operator=(const Runnable&) = delete;

    /// Called on the loop's thread. Must not throw: the engine does not use exceptions.
    virtual void run() noexcept = 0;
    /// Called if the loop is closed and will not run this: release its resources.
    virtual void discard() noexcept {}
    /// For traces: the id of the task that this is, or 0 if it is not a task.
    [[nodiscard]] virtual std::uint64_t task_id() const noexcept { return 0; }

protected:
    ~Runnable() = default;

private:
    friend class ReadyQueue;
    friend class Inbox;
    Runnable* next_runnable_ = nullptr;
};

/// The first-in, first-out queue of Runnables that are ready. Belongs to one thread.
class ReadyQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }

    void push(Runnable& item) noexcept {
        item.next_runnable_ = nullptr;
        if (head_ == nullptr) {
            head_ = &item;
        } else {
            tail_->next_runnable_ = &item;
        }
        tail_ = &item;
    }

    /// Removes and returns the first element. The queue must not be empty.
    Runnable& pop() noexcept {
        assert(!empty());
        Runnable& first = *head_;
        head_ = first.next_runnable_;
        if (head_ != nullptr) {
            __builtin_prefetch(head_->next_runnable_);
        }
        return first;
    }

    /// The first element, or nullptr; and the element after `item`, or nullptr after the last one.
    [[nodiscard]] Runnable* front() const noexcept { return head_; }
    [[nodiscard]] static Runnable* after(const Runnable& item) noexcept {
        return item.next_runnable_;
    }

    /// Moves everything into the returned queue. A turn of the loop runs what was ready when it
    /// began.
    [[nodiscard]] ReadyQueue take_all() noexcept {
        ReadyQueue batch;
        batch.head_ = head_;
        batch.tail_ = tail_;
        head_ = tail_ = nullptr;
        return batch;
    }

    /// Puts the rest of a batch before everything that has become ready since. A loop that stops in
    /// the middle of a turn runs it in its next turn.
    void put_back(ReadyQueue& batch) noexcept {
        if (batch.head_ == nullptr) {
            return;
        }
        batch.tail_->next_runnable_ = head_;
        if (head_ == nullptr) {
            tail_ = batch.tail_;
        }
        head_ = batch.head_;
        batch.head_ = batch.tail_ = nullptr;
    }

private:
    Runnable* head_ = nullptr;
    Runnable* tail_ = nullptr;
};

} // namespace hocket::engine
