#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/detail/choose/cycled_items.hpp>
#include <hocket/detail/choose/kept_results.hpp>
#include <hocket/detail/choose/workload.hpp>

namespace hocket::detail {

/// Keeps the compiler from leaving out a call whose result is not used.
template <class T> void use_result(const T& result) noexcept {
    asm volatile("" : : "r"(&result) : "memory");
}

/// One call after the other, on the calling thread.
template <class F, class Item, class Result> class SequentialModel final : public StartedModel {
public:
    SequentialModel(F function, const std::deque<Item>& items, const KeptResults<Result>& kept)
        : function_(std::move(function)), items_(items), kept_(kept) {}

    void run(std::size_t count, std::size_t) override {
        const CycledItems<Item> items(items_, count);
        auto item = items.begin();
        try {
            for (; item != items.end(); ++item) {
                use_result(function_(*item));
            }
        } catch (...) {
            throw_workload_error(item.index());
        }
    }

    std::optional<std::size_t> first_difference(std::size_t count) override {
        for (std::size_t index = 0; index < count; ++index) {
            try {
                if (!kept_.agrees(index, function_(items_[index]))) {
                    return index;
                }
            } catch (...) {
                throw_workload_error(index);
            }
        }
        return std::nullopt;
    }

    std::vector<double> latencies(std::size_t count, std::chrono::nanoseconds interval) override {
        using Clock = std::chrono::steady_clock;
        std::vector<double> found;
        found.reserve(count);
        auto due = Clock::now();
        for (const Item& item : CycledItems<Item>(items_, count)) {
            block_until(due);
            use_result(function_(item));
            found.push_back(std::chrono::duration<double>(Clock::now() - due).count());
            due += interval;
        }
        return found;
    }

private:
    F function_;
    const std::deque<Item>& items_;
    const KeptResults<Result>& kept_;
};

} // namespace hocket::detail
