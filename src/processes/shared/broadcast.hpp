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

/// Wakes all waiters in all processes, as a condition variable's broadcast. It neither counts the
/// waiters nor is ever reset, so that no process can lose a notification by dying.
class Broadcast {
public:
    /// Throws std::system_error when out of descriptors.
    Broadcast();
    explicit Broadcast(engine::FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    void notify_all() const noexcept;
    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }

private:
    engine::FileDescriptor fd_;
};

/// Receives the notifications of a Broadcast, and the ends of other processes, from its
/// construction on, for one wait. Construct it, check the condition, then wait.
class BroadcastListener {
public:
    /// Throws std::system_error when out of descriptors.
    explicit BroadcastListener(const Broadcast& broadcast);

    /// The end of a process ends the wait, too; the descriptor (see watch_process) is taken over.
    /// Throws std::system_error.
    void add_process(engine::FileDescriptor process);
    /// Blocks until it is notified or a process ends. False when the deadline passed.
    [[nodiscard]] bool wait(const Deadline& deadline) const;
    /// The same for a task.
    [[nodiscard]] Coro<> wait_async() const { return await_readable(set_.fileno()); }

private:
    engine::FileDescriptor set_; // an epoll set, in which the Broadcast is edge-triggered
    std::vector<engine::FileDescriptor> processes_;
};

} // namespace hocket::detail
