#pragma once

#include <cassert>

namespace hocket::engine {

/// A link in an IntrusiveList. It is part of the listed object, so that adding one to a list
/// allocates nothing. A link is in at most one list at a time.
class ListLink {
public:
    ListLink() noexcept = default;
    ListLink(const ListLink&) = delete;
    ListLink& operator=(const ListLink&) = delete;

    [[nodiscard]] bool is_linked() const noexcept { return next_ != nullptr; }

private:
    template <class T> friend class IntrusiveList;
    ListLink* prev_ = nullptr;
    ListLink* next_ = nullptr;
};

/// A first-in, first-out list of objects that derive from ListLink. One pointer wide, because each
/// of a million suspended tasks may contain one; circular, so that both ends can be reached from
/// that pointer.
template <class T> class IntrusiveList {
public:
    IntrusiveList() noexcept = default;
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;

    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
    [[nodiscard]] T* front() const noexcept { return static_cast<T*>(head_); }

    /// The element after `item`, or nullptr after the last one.
    [[nodiscard]] T* after(const T& item) const noexcept {
        ListLink* next = static_cast<const ListLink&>(item).next_;
        return next == head_ ? nullptr : static_cast<T*>(next);
    }

    void push_back(T& item) noexcept {
        ListLink* link = &item;
        assert(!link->is_linked());
        if (head_ == nullptr) {
            link->prev_ = link->next_ = link;
            head_ = link;
            return;
        }
        link->prev_ = head_->prev_;
        link->next_ = head_;
        head_->prev_->next_ = link;
        head_->prev_ = link;
    }

    void push_front(T& item) noexcept {
        push_back(item);
        head_ = static_cast<ListLink*>(&item);
    }

    void erase(T& item) noexcept {
        ListLink* link = &item;
        assert(link->is_linked());
        if (link->next_ == link) {
            head_ = nullptr;
        } else {
            link->prev_->next_ = link->next_;
            link->next_->prev_ = link->prev_;
            if (head_ == link) {
                head_ = link->next_;
            }
        }
        link->prev_ = link->next_ = nullptr;
    }

    /// Removes and returns the first element; nullptr if there is none.
    T* pop_front() noexcept {
        T* first = front();
        if (first != nullptr) {
            erase(*first);
        }
        return first;
    }

    /// Moves all elements of `other` to this list, which must be empty.
    void take(IntrusiveList& other) noexcept {
        assert(empty());
        head_ = other.head_;
        other.head_ = nullptr;
    }

private:
    ListLink* head_ = nullptr;
};

} // namespace hocket::engine
