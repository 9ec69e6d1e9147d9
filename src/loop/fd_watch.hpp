#pragma once

#include <memory>

#include "engine/lifetime.hpp"
#include "engine/poller.hpp"

namespace hocket::detail {

/// Who is told that a descriptor is ready: a waiting task or a callback.
class FdListener {
public:
    /// May remove itself, also from within this call.
    virtual void on_fd_ready() noexcept = 0;
    /// A callback that nobody but the watch refers to: gone when it is replaced or removed.
    virtual void release() noexcept {}

protected:
    ~FdListener() = default;
};

/// Interest in a descriptor that is not a transport's: one listener for reading, one for writing,
/// as asyncio's add_reader and add_writer have it, over one registration with the kernel.
class FdWatch final : private engine::Watcher {
public:
    enum class Direction { read, write };

    FdWatch(engine::Poller& poller, int fd) noexcept : poller_(poller), fd_(fd) {}
    ~FdWatch();

    [[nodiscard]] FdListener* listener(Direction direction) const noexcept {
        return direction == Direction::read ? reader_ : writer_;
    }
    /// Sets (nullptr: removes) a listener; the one before is released. Throws RuntimeError when the
    /// descriptor is a transport's, std::system_error when it cannot be watched; nothing is changed
    /// then.
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
