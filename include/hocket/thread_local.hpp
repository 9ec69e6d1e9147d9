#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include <hocket/detail/threads/thread_local_base.hpp>

namespace hocket {

/// A value of its own for each thread: Python's threading.local, but an object with a lifetime,
/// which `thread_local` in C++ has not.
///
///     hocket::ThreadLocal<std::mt19937> random([] { return std::mt19937(7); });
///     const auto number = (*random)(); // from this thread's generator
///
/// A thread's value is made when the thread first asks for it, and destroyed when the thread ends
/// or the ThreadLocal goes, whichever comes first. The tasks of one loop share its thread's value:
/// see ContextVar for one of their own. Any thread; it must not be destroyed while others use it.
template <class T> class ThreadLocal : public detail::ThreadLocalBase {
public:
    /// Values are made by `T()`.
    ThreadLocal() requires std::default_initializable<T> : initial_([] { return T(); }) {}
    /// Values are made by `initial()`, on the thread that asks; what it throws comes out of `get`,
    /// and the next `get` tries again.
    template <class F> requires std::is_invocable_r_v<T, F&> && std::copy_constructible<F>
    explicit ThreadLocal(F initial) : initial_(std::move(initial)) {}

    /// This thread's value. A reference is good until the thread ends or the ThreadLocal goes.
    [[nodiscard]] T& get() {
        if (detail::ThreadLocalValue* value = find()) [[likely]] {
            return static_cast<Value*>(value)->value;
        }
        auto made = std::make_unique<Value>(initial_);
        if (detail::ThreadLocalValue* value = find()) [[unlikely]] {
            return static_cast<Value*>(value)->value; // making it asked for it
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
