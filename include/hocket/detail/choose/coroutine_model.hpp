#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/choose/cycled_items.hpp>
#include <hocket/detail/choose/kept_results.hpp>
#include <hocket/detail/choose/workload.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/semaphore.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>

namespace hocket::detail {

/// One coroutine for each item, of which a semaphore lets some run at a time.
template <class C, class Item, class Result> class CoroutineModel final : public StartedModel {
    using Value =
        typename std::remove_cvref_t<std::invoke_result_t<const C&, const Item&>>::value_type;
    static_assert(std::is_same_v<Unvoid<std::remove_cvref_t<Value>>, Result>,
                  "hocket: the function and its coroutine version must have the same result");

public:
    CoroutineModel(const C& coroutine, const std::deque<Item>& items,
                   const KeptResults<Result>& kept, std::size_t workers)
        : coroutine_(coroutine),
          items_(items),
          kept_(kept),
          slots_(static_cast<std::ptrdiff_t>(workers)) {}

    void run(std::size_t count, std::size_t) override {
        static_cast<void>(runner_.run(call_all(count)));
    }

    std::optional<std::size_t> first_difference(std::size_t count) override {
        const std::vector<Unvoid<Value>> results = runner_.run(call_all(count));
        for (std::size_t index = 0; index < count; ++index) {
            if (!kept_.agrees(index, results[index])) {
                return index;
            }
        }
        return std::nullopt;
    }

    std::vector<double> latencies(std::size_t count, std::chrono::nanoseconds interval) override {
        std::vector<double> found(count);
        runner_.run(call_when_due(found, interval));
        return found;
    }

private:
    Coro<Value> call(const Item& item) {
        const auto slot = co_await slots_.scoped();
        co_return co_await std::invoke(coroutine_, item);
    }

    Coro<std::vector<Unvoid<Value>>> call_all(std::size_t count) {
        std::vector<Coro<Value>> calls;
        calls.reserve(count);
        for (const Item& item : CycledItems<Item>(items_, count)) {
            calls.push_back(call(item));
        }
        co_return co_await gather(std::move(calls));
    }

    Coro<> call_when_due(std::vector<double>& latencies, std::chrono::nanoseconds interval) {
        std::vector<Task<void>> tasks;
        tasks.reserve(latencies.size());
        auto due = std::chrono::steady_clock::now();
        for (const Item& item : CycledItems<Item>(items_, latencies.size())) {
            co_await sleep(due - std::chrono::steady_clock::now());
            tasks.push_back(create_task(timed_call(item, due, latencies[tasks.size()])));
            due += interval;
        }
        for (Task<void>& task : tasks) {
            co_await task;
        }
    }

    Coro<> timed_call(const Item& item, std::chrono::steady_clock::time_point due,
                      double& latency) {
        co_await call(item);
        latency = std::chrono::duration<double>(std::chrono::steady_clock::now() - due).count();
    }

    const C& coroutine_;
    const std::deque<Item>& items_;
    const KeptResults<Result>& kept_;
    // Before the runner, which cancels what is left of a run that failed.
    Semaphore slots_;
    Runner runner_;
};

} // namespace hocket::detail
