#pragma once

#include <chrono>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/calls/message.hpp>

namespace hocket {

/// Python's multiprocessing.Event: a flag that threads and tasks of any process can wait for.
///
/// The flag is kept by the kernel, so a process that dies cannot corrupt it. If the flag is set and
/// cleared at once, waiters may miss it and continue to wait.
///
/// This is a handle: copies, including those sent to other processes, refer to the same event. May
/// be used from any thread.
class ProcessEvent {
public:
    /// Creates an event that is not set. Throws std::system_error if no descriptors are left.
    ProcessEvent();

    [[nodiscard]] bool is_set() const;
    /// Sets the flag and wakes all waiters.
    void set() const noexcept;
    /// Clears the flag; later waits block.
    void clear() const noexcept;

    /// Blocks until the flag is set. Always returns true.
    bool wait() const { return wait_until({}); }
    /// Blocks for at most `timeout`. Returns whether the flag is set.
    template <class Rep, class Period>
    [[nodiscard]] bool wait(std::chrono::duration<Rep, Period> timeout) const {
        return wait_until(detail::deadline_after(timeout));
    }
    /// `co_await event.wait_async()`: suspends the task until the flag is set. Always returns true.
    [[nodiscard]] Coro<bool> wait_async() const { return await_flag(*this); }

    /// Packs the event for another process. Throws RuntimeError outside of a value that is being
    /// sent.
    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack(detail::attach_descriptor(flag_->fileno()));
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    [[nodiscard]] bool wait_until(const detail::Deadline& deadline) const;
    static Coro<bool> await_flag(ProcessEvent event);

    std::shared_ptr<const engine::FileDescriptor> flag_; // an eventfd, readable while set
};

} // namespace hocket
