#pragma once

#include <cstddef>
#include <deque>
#include <iterator>

namespace hocket::detail {

/// A range of `count` items; after the last item comes the first again.
template <class Item> class CycledItems {
public:
    class Iterator {
    public:
        using value_type = Item;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(const std::deque<Item>& items, std::size_t count)
            : items_(&items), position_(items.begin()), left_(count) {}

        const Item& operator*() const { return *position_; }
        Iterator& operator++() {
            --left_;
            if (++position_ == items_->end()) {
                position_ = items_->begin();
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return left_ == 0; }
        /// Of the item, among the items.
        [[nodiscard]] std::size_t index() const {
            return static_cast<std::size_t>(position_ - items_->begin());
        }

    private:
        const std::deque<Item>* items_ = nullptr;
        typename std::deque<Item>::const_iterator position_;
        std::size_t left_ = 0;
    };

    CycledItems(const std::deque<Item>& items, std::size_t count) : items_(items), count_(count) {}

    [[nodiscard]] Iterator begin() const { return Iterator(items_, count_); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    const std::deque<Item>& items_;
    std::size_t count_;
};

} // namespace hocket::detail
