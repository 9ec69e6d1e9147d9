#pragma once

#include <chrono>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/calls/message.hpp>

namespace hocket {

/// Python's multiprocessing.Event: a flag that threads and tasks of any process can wait for.
///
/// The flag is the kernel's own, so nobody's death can leave it half changed. When it is set and
/// cleared at once, who waits may miss that, and goes on waiting.
///
/// A handle: copies, and what arrives in another process, are the same event. Any thread.
class ProcessEvent {
public:
    /// Not set. Throws std::system_error when out of descriptors.
    ProcessEvent();

    [[nodiscard]] bool is_set() const;
    /// Sets the flag and wakes all that wait.
    void set() const noexcept;
    /// Clears the flag: `wait` waits again.
    void clear() const noexcept;

    /// Blocks until the flag is set; always true.
    bool wait() const { return wait_until({}); }
    /// Blocks for at most `timeout`. Returns whether the flag is set.
    template <class Rep, class Period>
    [[nodiscard]] bool wait(std::chrono::duration<Rep, Period> timeout) const {
        return wait_until(detail::deadline_after(timeout));
    }
    /// `co_await event.wait_async()`: suspends the task until the flag is set; always true.
    [[nodiscard]] Coro<bool> wait_async() const { return await_flag(*this); }

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack(detail::attach_descriptor(flag_->get()));
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    [[nodiscard]] bool wait_until(const detail::Deadline& deadline) const;
    static Coro<bool> await_flag(ProcessEvent event);

    std::shared_ptr<const engine::FileDescriptor> flag_; // an eventfd: set when it can be read
};

} // namespace hocket
