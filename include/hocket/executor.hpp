#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/context.hpp>
#include <hocket/detail/threads/call.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>
#include <hocket/map_results.hpp>
#include <hocket/submit_options.hpp>

namespace hocket {

/// Options of Executor::shutdown.
struct ShutdownOptions {
    bool wait = true;            ///< until the submitted work is done and the threads have ended
    bool cancel_futures = false; ///< cancel work that has not started
};

namespace detail {
/// The future of a call.
template <class F, class... Args>
using FutureOf =
    MadeOf<Future<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>, F, Args...>;
} // namespace detail

/// Runs functions on other threads or in other processes: the interface of all executors. May be
/// used from any thread.
class Executor {
public:
    virtual ~Executor() = default;

    /// Copies `function` and `args`, runs `function(args...)` on the executor, and returns a
    /// Future. Throws RuntimeError after `shutdown`. Context variables are not passed along;
    /// to_thread passes them.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(F&& function, Args&&... args) -> detail::FutureOf<F, Args...> {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        return start<R>(new detail::Call<R, std::decay_t<F>, std::decay_t<Args>...>(
            std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// The same with a time limit for starting the work, a priority and a name.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const SubmitOptions& options, F&& function, Args&&... args)
        -> detail::FutureOf<F, Args...> {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        return start<R>(new detail::CallWithOptions<R, std::decay_t<F>, std::decay_t<Args>...>(
            options, std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// Runs `function(args...)` on the executor without creating a future, which is the cheapest
    /// way; Python has no equivalent. Exceptions are reported on stderr. Throws RuntimeError after
    /// `shutdown`.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    void post(F&& function, Args&&... args) {
        submit_work(*new detail::PostedCall<std::decay_t<F>, std::decay_t<Args>...>(
            std::forward<F>(function), std::forward<Args>(args)...));
    }

    /// Calls `function(element)` on the executor for each element of `input`. Reads no more of the
    /// input than may be in flight. Starts at once, and returns the results in the order of the
    /// input. Each chunk of work gets its own copy of `function`. The executor, and `input` unless
    /// it is a temporary, must outlive the results. Throws ValueError if the chunksize is 0, and
    /// RuntimeError after `shutdown`.
    template <class F, detail::InputRange Range>
    requires std::invocable<F&, detail::RangeValue<Range>>
    auto map(F function, Range&& input, const MapOptions& options = {}) {
        using Item = detail::RangeValue<Range>;
        auto submit_chunk = [this, function = std::move(function)](std::vector<Item> items) {
            return submit(
                [function](std::vector<Item>&& given) mutable {
                    return detail::map_chunk(function, std::move(given));
                },
                std::move(items));
        };
        return detail::ordered_map<detail::MapValue<F, Item>>(
            std::forward<Range>(input), std::move(submit_chunk), options, max_workers());
    }

    /// Stops accepting work. May be called more than once.
    virtual void shutdown(ShutdownOptions options = {}) = 0;

    /// The maximum number of pieces of work that run at the same time.
    [[nodiscard]] virtual std::size_t max_workers() const noexcept;

protected:
    /// Takes ownership of `work`, or throws.
    virtual void enqueue(detail::Work& work) = 0;

private:
    template <class R, class Call> Future<R> start(Call* call) {
        Future<R> future{detail::FuturePointer<detail::FutureState<R>>(call)};
        call->ref(); // the executor's reference
        submit_work(*call);
        return future;
    }
    void submit_work(detail::Work& work) {
        work.executor = this;
        try {
            enqueue(work);
        } catch (...) {
            work.discard();
            throw;
        }
    }
};

template <class E, class F, class... Args> requires detail::CallableWith<F, Args...>
auto EventLoop::run_in_executor(E& executor, F&& function, Args&&... args) {
    return executor.submit(std::forward<F>(function), std::forward<Args>(args)...);
}

template <class F, class... Args> requires detail::CallableWith<F, Args...>
auto EventLoop::run_in_executor(std::nullptr_t, F&& function, Args&&... args) {
    return default_executor().submit(std::forward<F>(function), std::forward<Args>(args)...);
}

/// Runs `function(args...)` on the running loop's default executor, with the current context,
/// without blocking the loop: `co_await to_thread(f, x)`.
template <class F, class... Args> requires detail::CallableWith<F, Args...>
auto to_thread(F&& function, Args&&... args) -> detail::FutureOf<F, Args...> {
    auto in_context = [context = copy_context(),
                       call = std::decay_t<F>(std::forward<F>(function))](auto&&... given) mutable {
        return context.run(
            [&] { return std::invoke(std::move(call), std::forward<decltype(given)>(given)...); });
    };
    return get_running_loop().run_in_executor(nullptr, std::move(in_context),
                                              std::forward<Args>(args)...);
}

} // namespace hocket
