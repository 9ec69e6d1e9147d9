#pragma once

#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// Blocks until `fd` is ready for `events` (POLLIN …) or the deadline has passed; false then.
/// Signals do not end the wait. Throws std::system_error.
[[nodiscard]] bool wait_until_ready(int fd, short events, const Deadline& deadline);

/// Suspends the task until `fd` can be read or written. Works on a duplicate: any number of tasks
/// may wait for one descriptor, and it may be closed meanwhile.
[[nodiscard]] Coro<> await_readable(int fd);
[[nodiscard]] Coro<> await_writable(int fd);

/// Wakes all who wait in any process, as a condition variable's broadcast. It keeps no count of
/// them and is never reset, so that nobody's death can lose a ring.
class Broadcast {
public:
    /// Throws std::system_error when out of descriptors.
    Broadcast();
    explicit Broadcast(engine::FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    void ring() const noexcept;
    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }

private:
    engine::FileDescriptor fd_;
};

/// Listens to a bell, and for the ends of other processes, from its making on, for one wait. Make
/// it, look at what the bell is rung for, then wait.
class BroadcastListener {
public:
    /// Throws std::system_error when out of descriptors.
    explicit BroadcastListener(const Broadcast& bell);

    /// The end of a process ends the wait, too; the descriptor (see watch_process) is taken over.
    /// Throws std::system_error.
    void add_process(engine::FileDescriptor process);
    /// Blocks until the bell is rung or a process ends. False when the deadline passed.
    [[nodiscard]] bool wait(const Deadline& deadline) const;
    /// The same for a task.
    [[nodiscard]] Coro<> wait_async() const { return await_readable(set_.fileno()); }

private:
    engine::FileDescriptor set_; // an epoll set, in which the bell is edge-triggered
    std::vector<engine::FileDescriptor> processes_;
};

} // namespace hocket::detail
