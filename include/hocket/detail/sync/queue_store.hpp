#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace hocket::detail {

/// First in, first out. A ring buffer that doubles when it is full, so that a queue that has grown
/// to its working size does not allocate any more.
template <class T> class Ring {
public:
    /// Whether pushing (by moving) after popping cannot throw.
    static constexpr bool refill_is_noexcept = std::is_nothrow_move_constructible_v<T>;

    Ring() noexcept = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() {
        clear();
        if (slots_ != nullptr) {
            std::allocator<T>().deallocate(slots_, capacity_);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void swap(Ring& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(capacity_, other.capacity_);
        std::swap(head_, other.head_);
        std::swap(size_, other.size_);
    }
    template <class U> void push(U&& item) {
        if (size_ == capacity_) [[unlikely]] {
            grow();
        }
        std::construct_at(slots_ + ((head_ + size_) & (capacity_ - 1)), std::forward<U>(item));
        ++size_;
    }
    /// If moving the item throws, it stays in the queue.
    T pop() {
        T* const front = slots_ + head_;
        T item(std::move(*front));
        drop(front);
        return item;
    }
    void clear() noexcept {
        while (size_ > 0) {
            drop(slots_ + head_);
        }
    }

private:
    void drop(T* front) noexcept {
        std::destroy_at(front);
        head_ = (head_ + 1) & (capacity_ - 1);
        --size_;
    }
    void grow() {
        const std::size_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
        T* const slots = std::allocator<T>().allocate(capacity);
        T* const first = slots_ + head_;
        const std::size_t unwrapped = std::min(size_, capacity_ - head_);
        try {
            T* const rest = std::uninitialized_move(first, first + unwrapped, slots);
            try {
                std::uninitialized_move(slots_, slots_ + (size_ - unwrapped), rest);
            } catch (...) {
                std::destroy(slots, rest);
                throw;
            }
        } catch (...) {
            std::allocator<T>().deallocate(slots, capacity);
            throw;
        }
        const std::size_t size = size_;
        clear();
        if (slots_ != nullptr) {
            std::allocator<T>().deallocate(slots_, capacity_);
        }
        slots_ = slots;
        capacity_ = capacity;
        head_ = 0;
        size_ = size;
    }

    T* slots_ = nullptr;
    std::size_t capacity_ = 0; // a power of two
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

/// Returns the smallest item first.
template <class T, class Less> class Heap {
public:
    static constexpr bool refill_is_noexcept = false; // comparing may throw

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    template <class U> void push(U&& item) {
        items_.push_back(std::forward<U>(item));
        std::push_heap(items_.begin(), items_.end(), greater_);
    }
    T pop() {
        std::pop_heap(items_.begin(), items_.end(), greater_);
        T item(std::move(items_.back()));
        items_.pop_back();
        return item;
    }
    void clear() noexcept { items_.clear(); }

private:
    struct Greater {
        bool operator()(const T& a, const T& b) const { return less(b, a); }
        [[no_unique_address]] Less less;
    };
    std::vector<T> items_;
    [[no_unique_address]] Greater greater_;
};

/// Returns the most recently added item first.
template <class T> class Stack {
public:
    /// Whether pushing (by moving) after popping cannot throw.
    static constexpr bool refill_is_noexcept = std::is_nothrow_move_constructible_v<T>;

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    template <class U> void push(U&& item) { items_.push_back(std::forward<U>(item)); }
    T pop() {
        T item(std::move(items_.back()));
        items_.pop_back();
        return item;
    }
    void clear() noexcept { items_.clear(); }

private:
    std::vector<T> items_;
};

} // namespace hocket::detail
