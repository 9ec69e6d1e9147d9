#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/detail/choose/coroutine_model.hpp>
#include <hocket/detail/choose/kept_results.hpp>
#include <hocket/detail/choose/pool_model.hpp>
#include <hocket/detail/choose/sequential_model.hpp>
#include <hocket/detail/choose/workload.hpp>
#include <hocket/detail/loop/input_range.hpp>
#include <hocket/detail/processes/calls/remote_function.hpp>
#include <hocket/detail/threads/ordered_map.hpp>
#include <hocket/process_pool_executor.hpp>
#include <hocket/thread_pool_executor.hpp>

namespace hocket::detail {

/// Stands for the coroutine that was not given.
struct NoCoroutine {};

template <class C, class Item>
concept CoroutineVersion =
    std::invocable<const C&, const Item&> &&
    is_coro<std::remove_cvref_t<std::invoke_result_t<const C&, const Item&>>>;

template <class Item, class F, class C = NoCoroutine> class TypedWorkload final : public Workload {
    using Result = MapValue<const F, const Item&>;
    static_assert(!is_coro<Result>,
                  "hocket: choose needs a plain function, and its coroutine version as the next "
                  "argument: choose(items, function, coroutine)");
    // An unpacked item must be what the function was called with.
    static constexpr bool item_crosses = crosses<Item> && std::is_same_v<Carried<Item>, Item>;
    static constexpr bool result_crosses =
        std::is_same_v<Result, std::monostate> || crosses<Result>;

public:
    // More items would say no more, and would be copied for nothing.
    static constexpr std::size_t most_items = 10'000;

    template <class Items>
    TypedWorkload(Items& items, F function, C coroutine = {})
        : function_(std::move(function)), coroutine_(std::move(coroutine)) {
        auto item = std::ranges::begin(items);
        const auto end = std::ranges::end(items);
        for (; item != end && items_.size() < most_items; ++item) {
            items_.push_back(*item);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept override { return items_.size(); }

    [[nodiscard]] std::string_view obstacle(ConcurrencyModel model) const noexcept override {
        if (model == ConcurrencyModel::coroutines && std::is_same_v<C, NoCoroutine>) {
            return "needs a coroutine version: choose(items, function, coroutine)";
        }
        if (model != ConcurrencyModel::processes) {
            return {};
        }
        if (!RemoteCallable<F>) {
            return "what the function has captured cannot be sent to another process: pass a free "
                   "function, a static member function or a lambda without captures";
        }
        if (!item_crosses) {
            return "the items cannot be sent to another process: give their class "
                   "MSGPACK_DEFINE(its members...)";
        }
        if (!result_crosses) {
            return "the results cannot be sent from another process: give their class "
                   "MSGPACK_DEFINE(its members...)";
        }
        return {};
    }

    [[nodiscard]] std::unique_ptr<StartedModel> start(ConcurrencyModel model,
                                                      std::size_t workers) override {
        if (model == ConcurrencyModel::threads) {
            const auto call_item = [this](const Item& item) { return call(item); };
            return std::make_unique<
                PoolModel<ThreadPoolExecutor, std::decay_t<decltype(call_item)>, Item, Result>>(
                call_item, items_, kept_, workers);
        }
        if constexpr (RemoteCallable<F> && item_crosses && result_crosses) {
            if (model == ConcurrencyModel::processes) {
                return std::make_unique<PoolModel<ProcessPoolExecutor, F, Item, Result>>(
                    function_, items_, kept_, workers);
            }
        }
        if constexpr (!std::is_same_v<C, NoCoroutine>) {
            if (model == ConcurrencyModel::coroutines) {
                return std::make_unique<CoroutineModel<C, Item, Result>>(coroutine_, items_, kept_,
                                                                         workers);
            }
        }
        const auto call_item = [this](const Item& item) { return call(item); };
        return std::make_unique<SequentialModel<std::decay_t<decltype(call_item)>, Item, Result>>(
            call_item, items_, kept_);
    }

    [[nodiscard]] bool comparable() const noexcept override {
        return KeptResults<Result>::comparable;
    }

    void keep_next_result() override {
        const std::size_t index = kept_.size();
        try {
            kept_.keep(call(items_[index]));
        } catch (...) {
            throw_workload_error(index);
        }
    }

    [[nodiscard]] std::size_t kept_results() const noexcept override { return kept_.size(); }

    [[nodiscard]] std::optional<std::size_t> pack(std::size_t index) const override {
        if constexpr (item_crosses && ComparableResult<Result> && result_crosses) {
            return repacked_size(items_[index]) + repacked_size(kept_[index]);
        } else if constexpr (item_crosses && std::is_same_v<Result, std::monostate>) {
            return repacked_size(items_[index]);
        } else {
            return std::nullopt;
        }
    }

private:
    [[nodiscard]] Result call(const Item& item) const {
        if constexpr (std::is_void_v<std::invoke_result_t<const F&, const Item&>>) {
            std::invoke(function_, item);
            return {};
        } else {
            return std::invoke(function_, item);
        }
    }

    F function_;
    [[no_unique_address]] C coroutine_;
    std::deque<Item> items_;
    KeptResults<Result> kept_;
};

} // namespace hocket::detail
