#pragma once

#include <hocket/detail/loop/context_data.hpp>

namespace hocket::detail {

/// Puts a context in force on this thread for as long as it lives; nullptr: that of the running
/// task.
class ContextScope {
public:
    explicit ContextScope(ContextPointer* context) noexcept;
    ~ContextScope();
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;

private:
    ContextPointer* outer_;
};

/// While a loop runs: the context in force is below those of the loop's tasks and callbacks, which
/// each have their own, and not above them. It is for what the loop does outside of them.
class LoopContextScope {
public:
    LoopContextScope() noexcept;
    ~LoopContextScope();
    LoopContextScope(const LoopContextScope&) = delete;
    LoopContextScope& operator=(const LoopContextScope&) = delete;

private:
    ContextPointer* outer_;
};

} // namespace hocket::detail
