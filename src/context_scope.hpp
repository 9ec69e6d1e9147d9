#pragma once

#include <hocket/detail/context_data.hpp>

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

} // namespace hocket::detail
