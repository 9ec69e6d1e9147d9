#pragma once

#include <hocket/detail/loop/callback.hpp>
#include <hocket/engine/ref_ptr.hpp>

namespace hocket {

/// A callback scheduled on a loop: Python's asyncio.Handle. Copyable; destroying the handle does
/// not cancel the callback.
class Handle {
public:
    Handle() noexcept = default;
    /// Takes ownership of one reference.
    explicit Handle(detail::CallbackBase& callback) noexcept : callback_(&callback) {}

    /// Prevents the callback from being called, unless it already was. Call this on the loop's
    /// thread; a callback scheduled with `call_soon_threadsafe` may be cancelled from any thread.
    void cancel() noexcept {
        if (callback_) {
            callback_->withdraw();
        }
    }
    [[nodiscard]] bool cancelled() const noexcept { return callback_ && callback_->withdrawn(); }

private:
    engine::RefPtr<detail::CallbackBase> callback_;
};

} // namespace hocket
