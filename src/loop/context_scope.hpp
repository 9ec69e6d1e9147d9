#pragma once

#include <hocket/detail/loop/context_data.hpp>

namespace hocket::detail {

/// Makes a context the current one on this thread while it lives; nullptr means that of the running
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

/// Exists while a loop runs. The context that was current when the loop started then applies only
/// to what the loop does outside its tasks and callbacks, which have their own contexts.
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
