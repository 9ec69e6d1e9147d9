#pragma once

#include <memory>

#include "engine/lifetime.hpp"
#include "engine/poller.hpp"

namespace hocket::detail {

/// Is notified when a descriptor is ready: a waiting task or a callback.
class FdListener {
public:
    /// May remove itself, also from within this call.
    virtual void on_fd_ready() noexcept = 0;
    /// Called when the listener is replaced or removed. A callback, which is owned by the watch,
    /// destroys itself.
    virtual void release() noexcept {}

protected:
    ~FdListener() = default;
};

/// Interest in a descriptor that does not belong to a transport: one listener for reading and one
/// for writing, like asyncio's add_reader and add_writer, with one registration in the kernel.
class FdWatch final : private engine::Watcher {
public:
    enum class Direction { read, write };

    FdWatch(engine::Poller& poller, int fd) noexcept : poller_(poller), fd_(fd) {}
    ~FdWatch();

    [[nodiscard]] FdListener* listener(Direction direction) const noexcept {
        return direction == Direction::read ? reader_ : writer_;
    }
    /// Sets a listener (nullptr removes it) and releases the previous one. Throws RuntimeError if
    /// the descriptor belongs to a transport and std::system_error if it cannot be watched; nothing
    /// is changed then.
    void set(Direction direction, FdListener* listener);
    [[nodiscard]] bool is_idle() const noexcept { return reader_ == nullptr && writer_ == nullptr; }

private:
    void on_ready(std::uint32_t events) noexcept override;

    engine::Poller& poller_;
    int fd_;
    FdListener* reader_ = nullptr;
    FdListener* writer_ = nullptr;
    engine::Lifetime lifetime_;
};

} // namespace hocket::detail
