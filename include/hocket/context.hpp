#pragma once

#include <any>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/errors.hpp>

namespace hocket {

class Context;

namespace detail {

/// A variable's identity: its address is the key in a context.
class ContextVarBase {
public:
    explicit ContextVarBase(std::string name) : name_(std::move(name)) {}
    ContextVarBase(const ContextVarBase&) = delete;
    ContextVarBase& operator=(const ContextVarBase&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

protected:
    ~ContextVarBase() = default;

    /// The value in the current context; nullptr when there is none.
    [[nodiscard]] const std::shared_ptr<const void>* find() const noexcept;
    /// Sets (or, with nullptr, removes) the value in the current context; returns the one before.
    std::shared_ptr<const void> exchange(std::shared_ptr<const void> value) const;
    [[noreturn]] void throw_unset() const;
    [[noreturn]] static void throw_bad_token(const char* why);

private:
    std::string name_;
};

/// Runs `body` with `context` in force on this thread.
void run_in_context(ContextPointer& context, const std::function<void()>& body);

} // namespace detail

/// A variable with a value per context: Python's contextvars.ContextVar. A task starts with a copy
/// of the context it was created in, so what it sets is seen by it and by the tasks it creates, and
/// by nobody else. Any thread; a ContextVar must outlive the contexts it has a value in (make it
/// static).
template <class T> class ContextVar : public detail::ContextVarBase {
public:
    /// What `set` returns, for one `reset`.
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

    /// The value in the current context, or else the default. Throws RuntimeError (Python:
    /// LookupError) when there is neither.
    [[nodiscard]] T get() const {
        if (const auto* value = find()) {
            return *static_cast<const T*>(value->get());
        }
        if (!default_) {
            throw_unset();
        }
        return *default_;
    }
    /// The value in the current context, or else `fallback`.
    [[nodiscard]] T get(T fallback) const {
        const auto* value = find();
        return value != nullptr ? *static_cast<const T*>(value->get()) : std::move(fallback);
    }

    Token set(T value) {
        return Token(this, exchange(std::make_shared<const T>(std::move(value))));
    }

    /// Puts back what was there before the `set` that returned `token`. Throws RuntimeError when
    /// the token was used before, and ValueError when it is another variable's.
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

/// The values of all context variables at one time. Copies share until one is changed.
class Context {
public:
    Context() noexcept = default; ///< Empty: every variable has its default.
    explicit Context(detail::ContextPointer values) noexcept : values_(std::move(values)) {}

    /// Calls `callable()` with this context in force; what it sets stays in this context. Returns
    /// what it returns.
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

    /// For create_task.
    [[nodiscard]] detail::ContextPointer release() && noexcept { return std::move(values_); }
    [[nodiscard]] const detail::ContextPointer& values() const noexcept { return values_; }

private:
    detail::ContextPointer values_;
};

/// A copy of the current context.
[[nodiscard]] Context copy_context();

} // namespace hocket
