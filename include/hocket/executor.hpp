#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/context.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>

namespace hocket {

namespace detail {

/// A piece of work on its way through an executor.
class Work {
public:
    Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    virtual ~Work() = default;
    /// Does the work, unless its future was cancelled, and completes the future. Throws nothing.
    virtual void run() noexcept = 0;
    /// Cancels the future: the executor will not run this.
    virtual void cancel() noexcept = 0;
};

template <class R, class F, class... Args> class Call final : public Work {
public:
    template <class G, class... Given>
    explicit Call(G&& function, Given&&... arguments)
        : function_(std::forward<G>(function)), arguments_(std::forward<Given>(arguments)...) {}

    void run() noexcept override {
        FutureState<R>& state = *promise;
        if (!state.set_running_or_notify_cancel()) {
            return;
        }
        try {
            if constexpr (std::is_void_v<R>) {
                std::apply(std::move(function_), std::move(arguments_));
                state.set_value();
            } else {
                state.set_value(std::apply(std::move(function_), std::move(arguments_)));
            }
        } catch (...) {
            state.set_error(std::current_exception());
        }
    }
    void cancel() noexcept override { promise->cancel(); }

    FuturePointer<FutureState<R>> promise{new FutureState<R>()};

private:
    F function_;
    std::tuple<Args...> arguments_;
};

} // namespace detail

/// How an executor ends.
struct ShutdownOptions {
    bool wait = true;            ///< until what was submitted is done and the threads have ended
    bool cancel_futures = false; ///< cancel what has not started
};

/// Something that runs functions elsewhere: the interface of the executors. Any thread.
class Executor {
public:
    virtual ~Executor() = default;

    /// Runs `function(args...)`, copies of them, elsewhere. RuntimeError after `shutdown`.
    template <class F, class... Args>
        requires detail::CallableWith<F, Args...>
    auto submit(F&& function, Args&&... args)
        -> Future<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        auto call = std::make_unique<detail::Call<R, std::decay_t<F>, std::decay_t<Args>...>>(
            std::forward<F>(function), std::forward<Args>(args)...);
        Future<R> future(call->promise);
        enqueue(std::move(call));
        return future;
    }

    /// Takes no more work. Calling it again is allowed.
    virtual void shutdown(ShutdownOptions options = {}) = 0;

protected:
    virtual void enqueue(std::unique_ptr<detail::Work> work) = 0;
};

template <class E, class F, class... Args>
    requires detail::CallableWith<F, Args...>
auto EventLoop::run_in_executor(E& executor, F&& function, Args&&... args) {
    return executor.submit(std::forward<F>(function), std::forward<Args>(args)...);
}

template <class F, class... Args>
    requires detail::CallableWith<F, Args...>
auto EventLoop::run_in_executor(std::nullptr_t, F&& function, Args&&... args) {
    return default_executor().submit(std::forward<F>(function), std::forward<Args>(args)...);
}

/// Runs `function(args...)` on the running loop's default executor, with the current context, without
/// blocking the loop: `co_await to_thread(f, x)`.
template <class F, class... Args>
    requires detail::CallableWith<F, Args...>
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
