#pragma once

#include <chrono>
#include <cstddef>

#include <hocket/detail/processes/shared/process_queue_base.hpp>

namespace hocket {

/// Python's multiprocessing.Queue: a first-in, first-out queue that any number of processes put to
/// and get from. An item may contain shared memory, locks and pipes.
///
///     hocket::ProcessQueue<std::string> jobs(100); // put() waits while there are 100
///     jobs.put("index the mail");                  // in any process it was passed to
///     std::string job = co_await jobs.get_async(); // or jobs.get(), which blocks
///
/// There is no feeder thread: when `put` has returned, the item is in the queue, whatever happens
/// to the process. A process that is killed at any moment has either put its item or not, and
/// either taken one or not; the queue stays usable for the others. Items are stored in shared
/// memory, so a queue without a limit is bounded only by the available memory. (Items with
/// descriptors wait for room after about 200 of them, a limit set by the kernel.)
///
/// While an item is copied, no other process can put or get, so pass large arrays as a SharedArray.
///
/// This is a handle: copies, including those sent to other processes, refer to the same queue. May
/// be used from any thread and by any number of tasks. It uses five descriptors, and each waiting
/// call two more.
template <class T> class ProcessQueue : public detail::ProcessQueueBase {
public:
    using value_type = T;

    /// Holds at most `maxsize` items; 0 means no limit. Throws std::system_error if no memory or
    /// descriptors are left.
    explicit ProcessQueue(std::size_t maxsize = 0) : ProcessQueueBase(maxsize) {}

    /// Blocks until there is room, then adds the item. Throws ValueError if the queue is closed in
    /// this process or the item contains more than 253 descriptors, and std::system_error if no
    /// memory or descriptors are left.
    void put(const T& item) const { put_message(detail::pack_message(item), {}); }
    /// Blocks for at most `timeout`, then throws QueueFull.
    template <class Rep, class Period>
    void put(const T& item, std::chrono::duration<Rep, Period> timeout) const {
        put_message(detail::pack_message(item), detail::deadline_after(timeout));
    }
    /// Adds the item at once, or throws QueueFull.
    void put_nowait(const T& item) const { put(item, std::chrono::seconds(0)); }
    /// Like put, but suspends the task. The item is copied at once; if the task is cancelled, it is
    /// not put.
    [[nodiscard]] Coro<> put_async(const T& item) const {
        return put_in_task(detail::pack_message(item));
    }

    /// Blocks until there is an item, then removes and returns it. Throws ValueError if the queue
    /// is closed in this process, and std::system_error if no descriptors are left (the item stays
    /// in the queue).
    T get() const { return get_message({}).template unpack<T>(); }
    /// Blocks for at most `timeout`, then throws QueueEmpty.
    template <class Rep, class Period> T get(std::chrono::duration<Rep, Period> timeout) const {
        return get_message(detail::deadline_after(timeout)).template unpack<T>();
    }
    /// Removes and returns an item at once, or throws QueueEmpty.
    T get_nowait() const { return get(std::chrono::seconds(0)); }
    /// Like get, but suspends the task. Cancelling it loses no item.
    [[nodiscard]] Coro<T> get_async() const { return get_value(*this); }

private:
    static Coro<T> get_value(ProcessQueue queue) {
        detail::ReceivedMessage message = co_await queue.get_in_task();
        co_return message.template unpack<T>();
    }
};

} // namespace hocket
