#pragma once

#include <string_view>

namespace hocket::engine {

/// What somebody waits on: a task of the C++ face, say. Lives in whoever waits: in the awaiting
/// coroutine's frame.
class Operation {
public:
    Operation() noexcept = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    /// Who waits on this is cancelled. True: the request was taken, and the waiter will be woken
    /// (by TaskBase::interrupt, or by what the request was passed on to). False: the operation is
    /// complete; the waiter gets its CancelledError when it runs.
    virtual bool cancel(std::string_view message) noexcept = 0;

protected:
    ~Operation() = default;
};

} // namespace hocket::engine

namespace hocket::detail {
using engine::Operation;
} // namespace hocket::detail
