#pragma once

#include <any>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/detail/loop/context_var_base.hpp>
#include <hocket/errors.hpp>

namespace hocket {

class Context;

/// A variable that has its own value in each context: Python's contextvars.ContextVar. A task
/// starts with a copy of the context in which it was created. A value that it sets is visible to
/// itself and to the tasks that it creates, but not to any other task.
///
/// May be used from any thread. A ContextVar must outlive every context that holds a value for it,
/// so make it static.
template <class T> class ContextVar : public detail::ContextVarBase {
public:
    /// Returned by `set`; may be passed to `reset` once.
    class Token {
        friend ContextVar;
        const ContextVar* variable_;
        std::shared_ptr<const void> before_;
        bool used_ = false;
        explicit Token(const ContextVar* variable, std::shared_ptr<const void> before)
            : variable_(variable), before_(std::move(before)) {}
    };

    explicit ContextVar(std::string name) : ContextVarBase(std::move(name)) {}
    ContextVar(std::string name, T default_value)
        : ContextVarBase(std::move(name)), default_(std::move(default_value)) {}

    /// Returns the value in the current context, or else the default. Throws RuntimeError (Python:
    /// LookupError) if there is neither.
    [[nodiscard]] T get() const {
        if (const auto* value = find()) {
            return *static_cast<const T*>(value->get());
        }
        if (!default_) {
            throw_unset();
        }
        return *default_;
    }
    /// Returns the value in the current context, or else `fallback`.
    [[nodiscard]] T get(T fallback) const {
        const auto* value = find();
        return value != nullptr ? *static_cast<const T*>(value->get()) : std::move(fallback);
    }

    Token set(T value) {
        return Token(this, exchange(std::make_shared<const T>(std::move(value))));
    }

    /// Restores the value from before the `set` call that returned `token`. Throws RuntimeError if
    /// the token has been used already, and ValueError if it belongs to another variable.
    void reset(Token& token) {
        if (token.variable_ != this) {
            throw_bad_token("it was created by a different ContextVar");
        }
        if (token.used_) {
            throw RuntimeError("the Token of ContextVar '" + name() +
                               "' has already been used once");
        }
        token.used_ = true;
        exchange(std::move(token.before_));
    }
    void reset(Token&& token) { reset(token); }

private:
    std::optional<T> default_;
};

/// A snapshot of all context variables. Copies share their data until one of them is changed.
class Context {
public:
    Context() noexcept = default; ///< Empty: every variable has its default value.
    explicit Context(detail::ContextPointer values) noexcept : values_(std::move(values)) {}

    /// Calls `callable()` with this as the current context, and returns its result. Values set by
    /// the callable stay in this context.
    template <class F> auto run(F&& callable) -> std::invoke_result_t<F&> {
        using R = std::invoke_result_t<F&>;
        if constexpr (std::is_void_v<R>) {
            detail::run_in_context(values_, std::ref(callable));
        } else {
            std::optional<R> result;
            detail::run_in_context(values_, [&] { result.emplace(callable()); });
            return std::move(*result);
        }
    }

    /// Internal: used by create_task.
    [[nodiscard]] detail::ContextPointer release() && noexcept { return std::move(values_); }
    [[nodiscard]] const detail::ContextPointer& values() const noexcept { return values_; }

private:
    detail::ContextPointer values_;
};

/// Returns a copy of the current context.
[[nodiscard]] Context copy_context();

} // namespace hocket
