#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include <hocket/detail/threads/call.hpp>

namespace hocket::detail {

/// First in, first out; linked through the work itself. Guarded by its owner, except for size().
class WorkQueue {
public:
    [[nodiscard]] std::size_t size() const noexcept {
        return size_.load(std::memory_order_relaxed);
    }

    void push(Work& work) noexcept {
        work.next_work = nullptr;
        (size() == 0 ? first_ : last_->next_work) = &work;
        last_ = &work;
        resize(size() + 1);
    }
    /// Removes and returns the first work; nullptr if it is empty.
    Work* pop() noexcept {
        if (size() == 0) {
            return nullptr;
        }
        Work* work = first_;
        first_ = work->next_work;
        resize(size() - 1);
        return work;
    }
    /// Moves the first `count` pieces of `other` here. This queue must be empty.
    void take_from(WorkQueue& other, std::size_t count) noexcept {
        first_ = last_ = other.first_;
        for (std::size_t i = 1; i < count; ++i) {
            last_ = last_->next_work;
        }
        other.first_ = last_->next_work;
        other.resize(other.size() - count);
        resize(count);
    }
    void discard_all() noexcept {
        while (Work* work = pop()) {
            work->discard();
        }
    }

private:
    void resize(std::size_t size) noexcept { size_.store(size, std::memory_order_relaxed); }

    Work* first_ = nullptr;
    Work* last_ = nullptr;
    std::atomic<std::size_t> size_{0};
};

/// Returns the work with the largest priority first; equal priorities in order of arrival.
class PriorityQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] int top_priority() const noexcept { return heap_.front().priority; }

    void push(Work& work, int priority) {
        heap_.push_back({priority, next_number_++, &work});
        std::push_heap(heap_.begin(), heap_.end());
    }
    Work* pop() noexcept {
        std::pop_heap(heap_.begin(), heap_.end());
        Work* work = heap_.back().work;
        heap_.pop_back();
        return work;
    }

private:
    struct Entry {
        int priority;
        std::uint64_t number;
        Work* work;
        bool operator<(const Entry& other) const noexcept {
            return priority != other.priority ? priority < other.priority : number > other.number;
        }
    };
    std::vector<Entry> heap_;
    std::uint64_t next_number_ = 0;
};

} // namespace hocket::detail
