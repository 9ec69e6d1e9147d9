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

/// The return type of a coroutine function that contains `co_yield`: Python's asynchronous
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
/// Lazy: the body runs only while a task awaits `next`, and runs in that task. Move-only.
/// Destroying the generator destroys the local variables of its body. Do not destroy it while a
/// task is awaiting `next`: this is reported to the loop's exception handler, and the body is kept
/// alive until that task has left it. Use it only on the thread of the loop it runs on.
template <class T> class [[nodiscard]] AsyncGenerator {
    static_assert(
        !std::is_void_v<T> && !std::is_reference_v<T>,
        "an AsyncGenerator yields objects: std::monostate for none, std::reference_wrapper "
        "or a pointer for references");

public:
    using promise_type = detail::GeneratorPromise<T>;
    using value_type = T;

    AsyncGenerator() noexcept = default; ///< Empty: `next` returns nothing.
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

    /// Returns an object to be awaited once. Runs the body up to its next `co_yield` and returns a
    /// std::optional<T> with the yielded value. Once the body has ended, returns an empty optional
    /// every time. If the body throws, the exception is thrown here and the generator ends. Throws
    /// RuntimeError if another task is awaiting `next`. Cancelling the awaiting task cancels what
    /// the body awaits.
    auto next() { return detail::GeneratorNext<T>(promise_); }

    /// Ends the generator and destroys the local variables of its body. Afterwards `next` returns
    /// nothing. Takes effect when called; can be awaited, as in Python. Throws RuntimeError if a
    /// task is awaiting `next`.
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
