#pragma once

#include <utility>

#include <hocket/detail/loop/callback.hpp>

namespace hocket {

/// A callback that a loop was asked to call: Python's asyncio.Handle. Copyable; dropping it changes
/// nothing.
class Handle {
public:
    Handle() noexcept = default;
    /// Takes over a reference.
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

    /// The callback will not be called, unless it was already. For one of `call_soon_threadsafe`
    /// any thread may do this; otherwise the loop's.
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
