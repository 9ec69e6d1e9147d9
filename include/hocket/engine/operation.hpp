#pragma once

#include <cstdint>
#include <string_view>

namespace hocket::engine {

/// What a waiter waits for, for those who look inside.
struct WaitReason {
    const char* what = "an operation"; ///< "Lock", "socket read"; a literal
    std::uint64_t task = 0; ///< the id of the awaited task or the lock's holder; 0: none, unknown
    int fd = -1;            ///< the descriptor; -1: none, or unknown
};

/// An operation that a waiter, such as a task, waits for. Stored in the waiter, for example in the
/// awaiting coroutine's frame.
class Operation {
public:
    Operation() noexcept = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    /// Called when the waiter is cancelled. Returns true if the request was accepted: the waiter
    /// will be woken by TaskBase::interrupt or by the operation that the request was passed on to.
    /// Returns false if the operation is complete; the waiter gets its CancelledError when it runs.
    virtual bool cancel(std::string_view message) noexcept = 0;

    [[nodiscard]] virtual WaitReason reason() const noexcept { return {}; }

protected:
    ~Operation() = default;
};

} // namespace hocket::engine

namespace hocket::detail {
using engine::Operation;
using engine::WaitReason;
} // namespace hocket::detail
