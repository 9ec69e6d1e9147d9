#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/choose/cycled_items.hpp>
#include <hocket/detail/choose/kept_results.hpp>
#include <hocket/detail/choose/sequential_model.hpp>
#include <hocket/detail/choose/workload.hpp>
#include <hocket/process_pool_executor.hpp>
#include <hocket/thread_pool_executor.hpp>

namespace hocket::detail {

/// A pool of threads or processes, and its `map`.
template <class Pool, class F, class Item, class Result>
class PoolModel final : public StartedModel {
    static constexpr bool has_processes = std::is_same_v<Pool, ProcessPoolExecutor>;

public:
    PoolModel(F function, const std::deque<Item>& items, const KeptResults<Result>& kept,
              std::size_t workers)
        : function_(std::move(function)), items_(items), kept_(kept), pool_(workers) {
        if constexpr (has_processes) {
            processes_ = start_all_workers(pool_);
        } else {
            start_all_workers(pool_);
        }
    }

    void run(std::size_t count, std::size_t chunksize) override {
        const CycledItems<Item> items(items_, count);
        for (const auto& result : pool_.map(function_, items, {.chunksize = chunksize})) {
            use_result(result);
        }
    }

    std::optional<std::size_t> first_difference(std::size_t count) override {
        const CycledItems<Item> items(items_, count);
        std::size_t index = 0;
        for (const Result& result : pool_.map(function_, items)) {
            if (!kept_.agrees(index, result)) {
                return index;
            }
            ++index;
        }
        return std::nullopt;
    }

    std::vector<double> latencies(std::size_t count, std::chrono::nanoseconds interval) override {
        // Shared, because a future's callbacks may still run when its result is there.
        struct Found {
            explicit Found(std::size_t calls) : latencies(calls), left(calls) {}
            std::vector<double> latencies;
            std::atomic<std::size_t> left;
        };
        using Clock = std::chrono::steady_clock;
        const auto found = std::make_shared<Found>(count);
        std::vector<decltype(pool_.submit(function_, items_.front()))> calls;
        calls.reserve(count);
        auto due = Clock::now();
        for (const Item& item : CycledItems<Item>(items_, count)) {
            block_until(due);
            calls.push_back(pool_.submit(function_, item));
            calls.back().add_done_callback([found, index = calls.size() - 1, due] {
                found->latencies[index] = std::chrono::duration<double>(Clock::now() - due).count();
                --found->left;
                found->left.notify_one();
            });
            due += interval;
        }
        for (const auto& call : calls) {
            static_cast<void>(call.result());
        }
        for (std::size_t left = found->left; left != 0; left = found->left) {
            found->left.wait(left);
        }
        return std::move(found->latencies);
    }

    [[nodiscard]] const std::vector<pid_t>& worker_processes() const noexcept override {
        return processes_;
    }

private:
    F function_;
    const std::deque<Item>& items_;
    const KeptResults<Result>& kept_;
    Pool pool_;
    std::vector<pid_t> processes_;
};

} // namespace hocket::detail
