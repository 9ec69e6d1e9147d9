#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <hocket/detail/loop/context_data.hpp>

namespace hocket::detail {

/// The type-independent part of a variable. Its address is the variable's key in a context.
class ContextVarBase {
public:
    explicit ContextVarBase(std::string name) : name_(std::move(name)) {}
    ContextVarBase(const ContextVarBase&) = delete;
    ContextVarBase& operator=(const ContextVarBase&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

protected:
    ~ContextVarBase() = default;

    /// The value in the current context; nullptr if there is none.
    [[nodiscard]] const std::shared_ptr<const void>* find() const noexcept;
    /// Sets the value in the current context (nullptr removes it) and returns the previous one.
    std::shared_ptr<const void> exchange(std::shared_ptr<const void> value) const;
    [[noreturn]] void throw_unset() const;
    [[noreturn]] static void throw_bad_token(const char* why);

private:
    std::string name_;
};

/// Runs `body` on this thread with `context` as the current context.
void run_in_context(ContextPointer& context, const std::function<void()>& body);

} // namespace hocket::detail
