#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/detail/threads/future_state.hpp>
#include <hocket/submit_options.hpp>

namespace hocket {
class Executor;
} // namespace hocket

namespace hocket::detail {

/// The executor whose worker this thread is; nullptr on all others.
inline thread_local constinit const Executor* executor_here = nullptr;

/// A piece of work in an executor, which ends it by calling exactly one of run() and discard().
class Work {
public:
    Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    /// Does the work and completes the future, unless the future is done or another thread does the
    /// work. Destroys this object.
    virtual void run() noexcept = 0;
    /// Cancels the future without doing the work. Destroys this object.
    virtual void discard() noexcept = 0;
    /// The future of its result; nullptr if it has none.
    virtual FutureStateBase* future() noexcept { return nullptr; }
    /// The function that it calls, for traces, while it has not been queued; nullptr if that is an
    /// object, which its type tells.
    [[nodiscard]] virtual const void* function() const noexcept { return nullptr; }

    Work* next_work = nullptr;              // for the executor's queue
    const Executor* executor = nullptr;     // the executor that has the work
    const SubmitOptions* options = nullptr; // owned by the work; nullptr for the defaults

protected:
    ~Work() = default;
};

/// A function with its arguments, called once.
template <class F, class... Args> class BoundCall {
public:
    template <class G, class... Given>
    explicit BoundCall(G&& function, Given&&... arguments)
        : function_(std::forward<G>(function)), arguments_(std::forward<Given>(arguments)...) {}

    [[nodiscard]] const void* function() const noexcept {
        if constexpr (std::is_pointer_v<F>) {
            return reinterpret_cast<const void*>(function_);
        }
        return nullptr;
    }
    decltype(auto) operator()() { return std::apply(std::move(function_), std::move(arguments_)); }

private:
    F function_;
    std::tuple<Args...> arguments_;
};

/// A call and the future of its result, in one allocation.
template <class R, class F, class... Args> class Call : public FutureState<R>, public Work {
    using Status = FutureStateBase::Status;

public:
    template <class G, class... Given>
    explicit Call(G&& function, Given&&... arguments)
        : call_(std::in_place, std::forward<G>(function), std::forward<Given>(arguments)...) {}

    void run() noexcept final {
        if (this->try_start()) {
            this->publish(invoke());
        } else if (this->cancelled()) {
            call_.reset(); // no other thread uses it any more
        }
        this->unref();
    }
    void discard() noexcept final {
        if (this->cancel()) {
            call_.reset();
        }
        this->unref();
    }
    FutureStateBase* future() noexcept final { return this; }
    [[nodiscard]] const void* function() const noexcept final { return call_->function(); }

    [[nodiscard]] const char* what() const noexcept final { return "executor's call"; }
    bool run_here() noexcept final {
        if (executor_here == nullptr || executor_here != executor || !this->try_start()) {
            return false;
        }
        this->publish(invoke());
        return true;
    }

private:
    // No other thread can complete a running future, so the result need not be claimed.
    Status invoke() noexcept {
        Status how = Status::finished;
        try {
            if constexpr (std::is_void_v<R>) {
                (*call_)();
            } else {
                this->result_.set_value((*call_)());
            }
        } catch (...) {
            this->result_.set_error(std::current_exception());
            how = Status::failed;
        }
        call_.reset(); // on the thread that did the work, before the future is completed
        return how;
    }

    std::optional<BoundCall<F, Args...>> call_;
};

/// A call that was submitted with options.
template <class R, class F, class... Args>
class CallWithOptions final : public Call<R, F, Args...> {
public:
    template <class... Given>
    explicit CallWithOptions(const SubmitOptions& options, Given&&... given)
        : Call<R, F, Args...>(std::forward<Given>(given)...), options_(options) {
        this->options = &options_;
    }

private:
    SubmitOptions options_;
};

void report_posted_exception(const std::exception_ptr& error) noexcept;

/// A call without a future.
template <class F, class... Args> class PostedCall final : public Work {
public:
    template <class... Given>
    explicit PostedCall(Given&&... given) : call_(std::forward<Given>(given)...) {}

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    void run() noexcept override {
        try {
            call_();
        } catch (...) {
            report_posted_exception(std::current_exception());
        }
        delete this;
    }
    void discard() noexcept override { delete this; }
    [[nodiscard]] const void* function() const noexcept override { return call_.function(); }

private:
    BoundCall<F, Args...> call_;
};

} // namespace hocket::detail
