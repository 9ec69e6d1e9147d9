#pragma once

#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// Blocks until `fd` is ready for `events` (POLLIN …). Returns false if the deadline passes first.
/// Signals do not end the wait. Throws std::system_error.
[[nodiscard]] bool wait_until_ready(int fd, short events, const Deadline& deadline);

/// Suspends the task until `fd` can be read or written. It uses a duplicate, so any number of tasks
/// may wait for one descriptor, which may be closed meanwhile.
[[nodiscard]] Coro<> await_readable(int fd);
[[nodiscard]] Coro<> await_writable(int fd);

/// Wakes all waiters in all processes, like a condition variable's broadcast. It neither counts the
/// waiters nor is ever reset, so a process that dies cannot lose a notification.
class Broadcast {
public:
    /// Throws std::system_error if there are no more descriptors.
    Broadcast();
    explicit Broadcast(engine::FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    void notify_all() const noexcept;
    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }

private:
    engine::FileDescriptor fd_;
};

/// For one wait: receives notifications of a Broadcast, and ends of other processes, that happen
/// after its construction. Construct it, check the condition, then wait.
class BroadcastListener {
public:
    /// Throws std::system_error if there are no more descriptors.
    explicit BroadcastListener(const Broadcast& broadcast);

    /// The end of this process also ends the wait. Takes over the descriptor (see watch_process).
    /// Throws std::system_error.
    void add_process(engine::FileDescriptor process);
    /// Blocks until a notification or the end of a process. Returns false if the deadline passes
    /// first.
    [[nodiscard]] bool wait(const Deadline& deadline) const;
    /// The same for a task.
    [[nodiscard]] Coro<> wait_async() const { return await_readable(set_.fileno()); }

private:
    engine::FileDescriptor set_; // an epoll set, in which the Broadcast is edge-triggered
    std::vector<engine::FileDescriptor> processes_;
};

} // namespace hocket::detail
