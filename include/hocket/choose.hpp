#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/choose/typed_workload.hpp>
#include <hocket/detail/choose/workload.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// Options of `choose`.
struct ChooseOptions {
    /// How long to measure. A call of the function that has begun is not interrupted, so functions
    /// whose calls take seconds may exceed it.
    std::chrono::nanoseconds budget = std::chrono::seconds(10);
    /// Measures on this many of the processors that this process may use; 0: on all of them.
    double cores = 0;
    /// An objective: models whose 99th percentile of latency exceeds this are not chosen.
    std::optional<std::chrono::nanoseconds> p99 = {};
    /// Whether all models must return the same results. Switch it off for functions whose results
    /// differ from call to call.
    bool check_results = true;
};

/// The result of `choose`: which model to use, and what was measured of each.
struct Choice {
    using Seconds = std::chrono::duration<double>;

    /// The 95 % confidence interval of a measurement.
    struct Interval {
        double low = 0;
        double high = 0;
    };
    /// What was measured of one model, at the number of workers that suits it best.
    struct Row {
        ConcurrencyModel model = ConcurrencyModel::none;
        std::size_t workers = 0; ///< threads, processes, or coroutines at a time
        std::size_t chunksize = 1;
        std::optional<double> items_per_second = {}; ///< empty if it was not measured
        Interval interval = {};
        std::optional<Seconds> p99 = {}; ///< latency at 70 % of the throughput, if time allowed
        Seconds cpu_per_item = {};       ///< of all threads and processes together
        std::size_t memory = 0;          ///< bytes of this process and the workers
        Seconds start_time = {};         ///< how long the workers took to start
        std::string reason = {};         ///< what limits it, or why it was not measured
    };
    /// What the same rule would choose on another number of processors, as predicted.
    struct Prediction {
        std::size_t cores = 0;
        ConcurrencyModel model = ConcurrencyModel::none;
        std::size_t workers = 0;
        double items_per_second = 0;
    };
    /// What one item needs, and what handing over a call that does nothing costs here.
    struct Needs {
        Seconds cpu = {};
        Seconds wait = {};                        ///< when its thread is neither running nor ready
        std::optional<double> packed_bytes = {};  ///< item and result, as sent to a process
        Seconds packing = {};                     ///< CPU time to pack and unpack both
        std::optional<Seconds> thread_call = {};  ///< CPU time; empty if not measured
        std::optional<Seconds> process_call = {}; ///< CPU time in both processes
    };

    ConcurrencyModel answer = ConcurrencyModel::none; ///< `none` if no model can be recommended
    std::size_t workers = 0;
    std::size_t chunksize = 1;
    double speedup = 1;           ///< over sequential
    Interval interval = {1, 1};   ///< of `speedup`
    std::string reason = {};      ///< why this answer
    std::vector<Row> models = {}; ///< sequential, coroutines, threads, processes
    double cores = 0;             ///< processors that were used
    Needs needs = {};
    std::vector<Prediction> on_cores = {}; ///< on 1, 2, 4, 8, 16 and 32 processors
    std::vector<std::string> notes = {};

    /// The row of a model. Throws ValueError for `none`.
    [[nodiscard]] const Row& row(ConcurrencyModel model) const;
    /// A report for a terminal: the table, the answer in a sentence, the code to use, and what
    /// would be chosen on other numbers of processors.
    [[nodiscard]] std::string text() const;
    /// One JSON object with the names of `python -m hocket.choose --json`.
    [[nodiscard]] std::string json() const;
};

/// Thrown by `choose` if the function throws. The function's exception is nested in it: see
/// std::rethrow_if_nested.
class WorkloadError : public RuntimeError {
public:
    WorkloadError(const std::string& what, std::size_t item) : RuntimeError(what), item_(item) {}

    /// The index of the item for which the function threw.
    [[nodiscard]] std::size_t item() const noexcept { return item_; }

private:
    std::size_t item_;
};

namespace detail {
/// Measures the workload.
[[nodiscard]] Choice choose_model(Workload& workload, const ChooseOptions& options);
} // namespace detail

/// Measures `function(item)` for the items, run sequentially, by threads and by processes, each
/// with the number of workers that suits it, and returns which of them to use:
///
///     std::size_t count_words(const std::string& path);
///     const std::vector<std::string> paths{"a.txt", "b.txt"};
///     std::cout << hocket::choose(paths, count_words).text();
///
/// The function is called many times, on this thread, on others and in worker processes, with up to
/// the first 10,000 items. It must return when it is called with any of them: a call that hangs
/// cannot be interrupted. No model gets more workers than there are items. Results are compared
/// with `==`, or as packed bytes; nothing is compared if neither is possible. Processes are
/// measured if ProcessPoolExecutor can run the function; otherwise their row says why not.
///
/// Blocks for about `options.budget`, and leaves no thread or process behind. Call it on a thread
/// that runs no event loop, while the rest of the program is idle: CPU time of other threads counts
/// as the function's. One call at a time.
///
/// Throws RuntimeError if a loop runs on this thread, ValueError (a std::invalid_argument) if there
/// are no items, the budget is too short or `cores` is more than there are, WorkloadError if the
/// function throws when it is called sequentially, and what the items' iterators throw. If the
/// function throws elsewhere, the row of that model says so.
template <detail::InputRange Items, class F>
requires std::invocable<const std::decay_t<F>&, const detail::RangeValue<Items>&>
[[nodiscard]] Choice choose(Items&& items, F&& function, const ChooseOptions& options = {}) {
    detail::TypedWorkload<detail::RangeValue<Items>, std::decay_t<F>> workload(
        items, std::forward<F>(function));
    return detail::choose_model(workload, options);
}

/// The same, and also measures coroutines: `coroutine(item)` returns a Coro of the same result.
///
///     std::string fetch(const std::string& url);
///     hocket::Coro<std::string> fetch_async(const std::string& url);
///     const std::vector<std::string> urls{"/one", "/two"};
///     const hocket::Choice choice = hocket::choose(urls, fetch, fetch_async);
///     std::cout << hocket::to_string(choice.answer) << " with " << choice.workers << " workers\n";
template <detail::InputRange Items, class F, class C>
requires std::invocable<const std::decay_t<F>&, const detail::RangeValue<Items>&> &&
         detail::CoroutineVersion<std::decay_t<C>, detail::RangeValue<Items>>
[[nodiscard]] Choice choose(Items&& items, F&& function, C&& coroutine,
                            const ChooseOptions& options = {}) {
    detail::TypedWorkload<detail::RangeValue<Items>, std::decay_t<F>, std::decay_t<C>> workload(
        items, std::forward<F>(function), std::forward<C>(coroutine));
    return detail::choose_model(workload, options);
}

} // namespace hocket
