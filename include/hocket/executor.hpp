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

/// How an executor ends.
struct ShutdownOptions {
    bool wait = true;            ///< until what was submitted is done and the threads have ended
    bool cancel_futures = false; ///< cancel what has not started
};

/// Something that runs functions elsewhere: the interface of the executors. Any thread.
class Executor {
public:
    virtual ~Executor() = default;

    /// Runs `function(args...)`, copies of them, elsewhere. RuntimeError after `shutdown`. Context
    /// variables do not follow (they do with to_thread).
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(F&& function, Args&&... args) {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        return start<R>(new detail::Call<R, std::decay_t<F>, std::decay_t<Args>...>(
            std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// As above, with a limit to how long it may wait for its start, a priority and a name.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const SubmitOptions& options, F&& function, Args&&... args) {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        return start<R>(new detail::CallWithOptions<R, std::decay_t<F>, std::decay_t<Args>...>(
            options, std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// Runs `function(args...)` elsewhere without a future, which makes it the cheapest way; Python
    /// has none such. What it throws is reported on stderr. RuntimeError after `shutdown`.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    void post(F&& function, Args&&... args) {
        hand_over(*new detail::PostedCall<std::decay_t<F>, std::decay_t<Args>...>(
            std::forward<F>(function), std::forward<Args>(args)...));
    }

    /// Calls `function(element)` elsewhere for the elements of `input`, of which it reads no more
    /// than is in flight. Starts at once; the results come in the order of the input. Each chunk of
    /// work has its own copy of `function`. An `input` that is no temporary, and the executor, must
    /// outlive the results. ValueError when the chunksize is 0; RuntimeError after `shutdown`.
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

    /// Takes no more work. Calling it again is allowed.
    virtual void shutdown(ShutdownOptions options = {}) = 0;

    /// How many pieces of work it runs at the same time, at most.
    [[nodiscard]] virtual std::size_t max_workers() const noexcept;

protected:
    /// Takes `work` over, or throws.
    virtual void enqueue(detail::Work& work) = 0;

private:
    template <class R, class Call> Future<R> start(Call* call) {
        Future<R> future{detail::FuturePointer<detail::FutureState<R>>(call)};
        call->ref(); // the executor's
        hand_over(*call);
        return future;
    }
    void hand_over(detail::Work& work) {
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
auto to_thread(F&& function, Args&&... args) {
    auto in_context = [context = copy_context(),
                       call = std::decay_t<F>(std::forward<F>(function))](auto&&... given) mutable {
        return context.run(
            [&] { return std::invoke(std::move(call), std::forward<decltype(given)>(given)...); });
    };
    return get_running_loop().run_in_executor(nullptr, std::move(in_context),
                                              std::forward<Args>(args)...);
}

} // namespace hocket
