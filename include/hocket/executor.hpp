#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/context.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>

namespace hocket {

namespace detail {

/// A piece of work on its way through an executor, which ends it with exactly one of the two calls.
class Work {
public:
    Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    /// Does the work, unless its future was cancelled, and completes the future. The work is gone
    /// then.
    virtual void run() noexcept = 0;
    /// Cancels the future without doing the work. The work is gone then.
    virtual void discard() noexcept = 0;

    Work* next_work = nullptr; // for the executor's queue

protected:
    ~Work() = default;
};

/// A call and the future of its result, in one allocation.
template <class R, class F, class... Args> class Call final : public FutureState<R>, public Work {
    using Status = FutureStateBase::Status;

public:
    template <class G, class... Given>
    explicit Call(G&& function, Given&&... arguments)
        : call_(std::in_place, std::forward<G>(function), std::forward<Given>(arguments)...) {}

    void run() noexcept override {
        if (this->set_running_or_notify_cancel()) {
            this->publish(invoke());
        }
        finish();
    }
    void discard() noexcept override {
        this->cancel();
        finish();
    }

private:
    struct Parts {
        template <class G, class... Given>
        explicit Parts(G&& g, Given&&... given)
            : function(std::forward<G>(g)), arguments(std::forward<Given>(given)...) {}
        F function;
        std::tuple<Args...> arguments;
    };

    // A future that runs can be completed by nobody else, so nothing needs to be claimed.
    Status invoke() noexcept {
        Status how = Status::finished;
        try {
            if constexpr (std::is_void_v<R>) {
                std::apply(std::move(call_->function), std::move(call_->arguments));
            } else {
                this->result_.set_value(
                    std::apply(std::move(call_->function), std::move(call_->arguments)));
            }
        } catch (...) {
            this->result_.set_error(std::current_exception());
            how = Status::failed;
        }
        call_.reset(); // on the thread that did the work, before anybody hears of its end
        return how;
    }
    void finish() noexcept {
        call_.reset();
        this->unref();
    }

    std::optional<Parts> call_;
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
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(F&& function, Args&&... args)
        -> Future<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> {
        using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
        using Call = detail::Call<R, std::decay_t<F>, std::decay_t<Args>...>;
        auto* call = new Call(std::forward<F>(function), std::forward<Args>(args)...);
        Future<R> future{detail::FuturePointer<detail::FutureState<R>>(call)};
        call->ref(); // the executor's
        try {
            enqueue(*call);
        } catch (...) {
            call->discard();
            throw;
        }
        return future;
    }

    /// Takes no more work. Calling it again is allowed.
    virtual void shutdown(ShutdownOptions options = {}) = 0;

protected:
    /// Takes `work` over, or throws.
    virtual void enqueue(detail::Work& work) = 0;
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
