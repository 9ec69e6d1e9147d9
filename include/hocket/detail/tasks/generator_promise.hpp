#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <utility>

#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/detail/loop/result.hpp>

namespace hocket {

template <class T> class AsyncGenerator;

namespace detail {

/// The part of a generator's promise that does not depend on the type it yields. To the coroutine
/// that awaits `next`, the body looks like a coroutine that finishes at each `co_yield`; `state`
/// says how.
class GeneratorPromiseBase : public PromiseBase {
public:
    /// Prepares the body to continue after its last `co_yield`, because `next` is awaited in
    /// `caller`.
    void resume_in(TaskBase& caller) noexcept {
        task = &caller;
        state = ResultState::none;
        detached = false;
        running = true;
    }
    void return_void() noexcept {
        state = ResultState::value;
        exhausted = true;
    }
    void unhandled_exception() noexcept {
        fail(std::current_exception());
        exhausted = true;
    }

    /// The task that awaited `next` was destroyed: the body can never go on.
    void abandon() noexcept {
        running = false;
        exhausted = true;
        if (orphaned) {
            handle().destroy();
        }
    }

    bool running = false;   // a task awaits `next`
    bool exhausted = false; // the body has ended
    bool orphaned = false;  // the generator was destroyed while a task awaited `next`
};

/// Called when the generator is destroyed. If a task awaits `next`, this is reported as an error
/// and the body lives until that wait has ended, because the task is suspended inside it.
void destroy_generator(GeneratorPromiseBase& generator) noexcept;

/// Throws RuntimeError if a task awaits the generator's `next`.
void require_not_running(const GeneratorPromiseBase* generator, const char* call);

template <class T> class GeneratorPromise final : public GeneratorPromiseBase {
public:
    ~GeneratorPromise() { drop_value(); }

    AsyncGenerator<T>
    get_return_object(std::source_location defined = std::source_location::current()) noexcept {
        where = defined;
        return AsyncGenerator<T>(*this);
    }
    template <class U = T> FinalAwaiter yield_value(U&& value) {
        value_.set_value(std::forward<U>(value));
        has_value_ = true;
        state = ResultState::value;
        return {};
    }
    /// The result of the body's last run: the yielded value, empty if it ended, or its exception.
    std::optional<T> take() {
        const LastOwner owner(orphaned ? this : nullptr);
        running = false;
        if (state == ResultState::error) [[unlikely]] {
            rethrow();
        }
        if (!has_value_) {
            return std::nullopt;
        }
        std::optional<T> value(std::in_place, std::move(value_.value()));
        drop_value();
        return value;
    }

private:
    /// Destroys the body of an orphaned generator.
    struct LastOwner {
        explicit LastOwner(GeneratorPromise* orphan) noexcept : generator(orphan) {}
        ~LastOwner() {
            if (generator != nullptr) [[unlikely]] {
                generator->handle().destroy();
            }
        }
        LastOwner(const LastOwner&) = delete;
        LastOwner& operator=(const LastOwner&) = delete;
        GeneratorPromise* generator;
    };

    void drop_value() noexcept {
        if (has_value_) {
            has_value_ = false;
            value_.clear(ResultState::value);
        }
    }

    ResultStorage<T> value_;
    bool has_value_ = false;
};

/// Awaits the generator's next `co_yield`.
template <class T> class GeneratorNext {
public:
    using hocket_awaitable = void;
    using value_type = std::optional<T>;

    explicit GeneratorNext(GeneratorPromise<T>* generator) noexcept : generator_(generator) {}
    GeneratorNext(const GeneratorNext&) = delete;
    GeneratorNext& operator=(const GeneratorNext&) = delete;
    ~GeneratorNext() {
        if (is_started_) [[unlikely]] {
            generator_->abandon();
        }
    }

    /// Called by the awaiting coroutine's promise.
    void start_in(TaskBase& task) {
        require_not_running(generator_, "next()");
        if (generator_ != nullptr && !generator_->exhausted) {
            generator_->resume_in(task);
            is_started_ = true;
        } else {
            generator_ = nullptr;
        }
    }
    bool await_ready() { return generator_ == nullptr || StartAwaiter(*generator_).await_ready(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        StartAwaiter(*generator_).await_suspend(caller);
    }
    std::optional<T> await_resume() {
        is_started_ = false;
        return generator_ == nullptr ? std::nullopt : generator_->take();
    }

private:
    GeneratorPromise<T>* generator_;
    bool is_started_ = false; // the body runs, or is suspended in the middle
};

} // namespace detail
} // namespace hocket
