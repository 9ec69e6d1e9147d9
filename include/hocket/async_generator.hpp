#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/detail/sync/waiter.hpp>
#include <hocket/detail/tasks/generator_promise.hpp>

namespace hocket {

/// What calling a coroutine function with `co_yield` in it returns: Python's asynchronous
/// generator.
///
///     hocket::AsyncGenerator<int> count() {
///         for (int i = 0;; ++i) {
///             co_yield i;
///             co_await hocket::sleep(1s);
///         }
///     }
///     auto numbers = count();
///     while (auto number = co_await numbers.next()) std::cout << *number << '\n';
///
/// Lazy: the body runs while a task awaits `next`, in that task. Move-only. Destroying the
/// generator destroys the locals of its body. No task may be in `next` then: that is reported to
/// the loop's exception handler, and the body lives on until the task has left it. Belongs to one
/// loop's thread.
template <class T> class [[nodiscard]] AsyncGenerator {
    static_assert(
        !std::is_void_v<T> && !std::is_reference_v<T>,
        "an AsyncGenerator yields objects: std::monostate for none, std::reference_wrapper "
        "or a pointer for references");

public:
    using promise_type = detail::GeneratorPromise<T>;
    using value_type = T;

    AsyncGenerator() noexcept = default; ///< At its end.
    explicit AsyncGenerator(promise_type& promise) noexcept : promise_(&promise) {}
    AsyncGenerator(AsyncGenerator&& other) noexcept
        : promise_(std::exchange(other.promise_, nullptr)) {}
    AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
        std::swap(promise_, other.promise_);
        return *this;
    }
    ~AsyncGenerator() {
        if (promise_ != nullptr) {
            detail::destroy_generator(*promise_);
        }
    }

    /// Awaitable, once: runs the body to its next `co_yield`. Yields a std::optional<T> with the
    /// value, or nothing at the body's end and from then on. Throws what the body throws, which
    /// ends it; RuntimeError when another task is in `next`. Cancelling the awaiting task cancels
    /// what the body awaits.
    auto next() { return detail::GeneratorNext<T>(promise_); }

    /// Awaitable: ends the generator. Destroys the locals of the body; nothing comes out of `next`
    /// any more. RuntimeError when a task is in `next`.
    auto aclose() {
        detail::require_not_running(promise_, "aclose()");
        if (promise_ != nullptr) {
            std::exchange(promise_, nullptr)->handle().destroy();
        }
        return detail::Done();
    }

private:
    promise_type* promise_ = nullptr;
};

} // namespace hocket
