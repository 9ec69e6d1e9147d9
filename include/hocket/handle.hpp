#pragma once

#include <utility>

#include <hocket/detail/loop/callback.hpp>

namespace hocket {

/// A callback scheduled on a loop: Python's asyncio.Handle. Copyable; destroying the handle does
/// not cancel the callback.
class Handle {
public:
    Handle() noexcept = default;
    /// Takes ownership of one reference.
    explicit Handle(detail::CallbackBase& callback) noexcept : callback_(&callback) {}
    Handle(const Handle& other) noexcept : callback_(other.callback_) {
        if (callback_ != nullptr) {
            callback_->ref();
        }
    }
    Handle(Handle&& other) noexcept : callback_(std::exchange(other.callback_, nullptr)) {}
    Handle& operator=(Handle other) noexcept {
        std::swap(callback_, other.callback_);
        return *this;
    }
    ~Handle() {
        if (callback_ != nullptr) {
            callback_->unref();
        }
    }

    /// Prevents the callback from being called, unless it already was. Call this on the loop's
    /// thread; a callback scheduled with `call_soon_threadsafe` may be cancelled from any thread.
    void cancel() noexcept {
        if (callback_ != nullptr) {
            callback_->withdraw();
        }
    }
    [[nodiscard]] bool cancelled() const noexcept {
        return callback_ != nullptr && callback_->withdrawn();
    }

private:
    detail::CallbackBase* callback_ = nullptr;
};

} // namespace hocket
