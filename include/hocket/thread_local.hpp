#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/detail/threads/thread_local_base.hpp>

namespace hocket {

/// A separate value for each thread: Python's threading.local. Unlike a C++ `thread_local`
/// variable, it is an object with a lifetime.
///
///     hocket::ThreadLocal<std::mt19937> random([] { return std::mt19937(7); });
///     const auto number = (*random)(); // from this thread's generator
///
/// A thread's value is created on first use by that thread. It is destroyed when the thread ends or
/// the ThreadLocal is destroyed, whichever is first. The tasks of one loop share its thread's
/// value; for a value per task, see ContextVar. May be used from any thread, but must not be
/// destroyed while other threads use it.
template <class T> class ThreadLocal : public detail::ThreadLocalBase {
public:
    /// Creates values with `T()`.
    ThreadLocal() requires std::default_initializable<T> : initial_([] { return T(); }) {}
    /// Creates values with `initial()`, on the thread that uses the value. If it throws, the
    /// exception leaves `get`, and the next `get` tries again.
    template <class F> requires std::is_invocable_r_v<T, F&> && std::copy_constructible<F>
    explicit ThreadLocal(F initial) : initial_(std::move(initial)) {}

    /// This thread's value. The reference is valid until the thread ends or the ThreadLocal is
    /// destroyed.
    [[nodiscard]] T& get() {
        if (detail::ThreadLocalValue* value = find()) [[likely]] {
            return static_cast<Value*>(value)->value;
        }
        auto made = std::make_unique<Value>(initial_);
        if (detail::ThreadLocalValue* value = find()) [[unlikely]] {
            return static_cast<Value*>(value)->value; // `initial` itself called get()
        }
        return static_cast<Value&>(keep(std::move(made))).value;
    }
    T& operator*() { return get(); }
    T* operator->() { return &get(); }

    /// Whether this thread has a value already.
    [[nodiscard]] bool has_value() const noexcept { return find() != nullptr; }

private:
    struct Value final : detail::ThreadLocalValue {
        explicit Value(const std::function<T()>& initial) : value(initial()) {}
        T value;
    };

    std::function<T()> initial_;
};

} // namespace hocket
