#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "postgres/statement.hpp"

namespace hocket::detail::postgres {

/// The statements that were used last.
class StatementCache {
public:
    explicit StatementCache(std::size_t capacity) noexcept : capacity_(capacity) {}

    [[nodiscard]] StatementPointer find(std::string_view sql) noexcept {
        const auto found = places_.find(sql);
        if (found == places_.end()) {
            return nullptr;
        }
        order_.splice(order_.begin(), order_, found->second);
        return *found->second;
    }

    void add(StatementPointer statement) {
        if (capacity_ == 0) {
            return;
        }
        order_.push_front(std::move(statement));
        places_[order_.front()->sql] = order_.begin();
        if (order_.size() > capacity_) {
            places_.erase(order_.back()->sql);
            // Its destructor may use this cache.
            const StatementPointer last = std::move(order_.back());
            order_.pop_back();
        }
    }

    void clear() noexcept {
        places_.clear();
        const auto all = std::exchange(order_, {});
    }

private:
    using Order = std::list<StatementPointer>; // most recently used first

    std::size_t capacity_;
    Order order_;
    std::unordered_map<std::string_view, Order::iterator> places_;
};

} // namespace hocket::detail::postgres
