#pragma once

#include <chrono>
#include <cstddef>

#include <hocket/detail/processes/shared/process_queue_base.hpp>

namespace hocket {

/// Python's multiprocessing.Queue: any number of processes put, any number get, first in, first
/// out. Shared memory, locks and pipes in an item come along.
///
///     hocket::ProcessQueue<std::string> jobs(100); // put() waits while there are 100
///     jobs.put("index the mail");                  // in any process it was passed to
///     std::string job = co_await jobs.get_async(); // or jobs.get(), which blocks
///
/// There is no feeder thread: when `put` has returned, the item is in the queue, whatever becomes
/// of its process. A process that is killed at any moment has put its item or not, and taken one or
/// not; the queue goes on for the others. Items lie in memory that all share, so a queue without a
/// limit takes as many as there is memory for (items with descriptors wait for room after about
/// 200, which the kernel sets).
///
/// Nobody else can put or get while an item is copied, so large arrays are better passed as a
/// SharedArray.
///
/// A handle: copies, and what arrives in another process, are the same queue. Any thread, any
/// number of tasks. It takes five descriptors, and a call that waits two more.
template <class T> class ProcessQueue : public detail::ProcessQueueBase {
public:
    using value_type = T;

    /// For at most `maxsize` items; 0: without a limit. Throws std::system_error when out of memory
    /// or descriptors.
    explicit ProcessQueue(std::size_t maxsize = 0) : ProcessQueueBase(maxsize) {}

    /// Blocks until there is room, and adds the item. Throws ValueError when the queue is closed
    /// here, or the item has more than 253 descriptors; std::system_error when out of memory or
    /// descriptors.
    void put(const T& item) const { put_message(detail::pack_message(item), {}); }
    /// Blocks for at most `timeout`, then throws QueueFull.
    template <class Rep, class Period>
    void put(const T& item, std::chrono::duration<Rep, Period> timeout) const {
        put_message(detail::pack_message(item), detail::deadline_after(timeout));
    }
    /// Adds the item at once, or throws QueueFull.
    void put_nowait(const T& item) const { put(item, std::chrono::seconds(0)); }
    /// As put, but suspends the task. The item is copied at once; when the task is cancelled, it is
    /// not put.
    [[nodiscard]] Coro<> put_async(const T& item) const {
        return put_in_task(detail::pack_message(item));
    }

    /// Blocks until there is an item and takes it out. Throws ValueError when the queue is closed
    /// here; std::system_error when out of descriptors (the item stays).
    T get() const { return get_message({}).template unpack<T>(); }
    /// Blocks for at most `timeout`, then throws QueueEmpty.
    template <class Rep, class Period> T get(std::chrono::duration<Rep, Period> timeout) const {
        return get_message(detail::deadline_after(timeout)).template unpack<T>();
    }
    /// Takes an item out at once, or throws QueueEmpty.
    T get_nowait() const { return get(std::chrono::seconds(0)); }
    /// As get, but suspends the task. Cancelling it loses nothing.
    [[nodiscard]] Coro<T> get_async() const { return get_value(*this); }

private:
    static Coro<T> get_value(ProcessQueue queue) {
        detail::ReceivedMessage message = co_await queue.get_in_task();
        co_return message.template unpack<T>();
    }
};

} // namespace hocket
