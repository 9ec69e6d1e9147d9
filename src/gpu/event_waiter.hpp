#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <unordered_map>

#include <hocket/detail/gpu/event_state.hpp>

namespace hocket::detail::gpu {

/// The threads that wait for the commands of one device. Callbacks of the drivers are not used:
/// PoCL never calls that of a failed command, and those of CUDA hold up the stream.
///
/// A thread takes a stream and waits in the driver for its events, one after another. While one
/// stream is awaited, one thread does it all. Each further stream that is awaited at the same time
/// gets a thread, up to `most_blocking`; the streams beyond that share a thread that asks the
/// device in intervals.
class EventWaiter {
public:
    static constexpr std::size_t most_blocking = 4;

    EventWaiter() = default;
    EventWaiter(const EventWaiter&) = delete;
    EventWaiter& operator=(const EventWaiter&) = delete;
    // The threads are never joined, so this lives until the process ends.

    /// Calls event->finish() soon after the command has ended. May be called from any thread.
    /// Throws std::system_error if there is no thread and none can be started.
    void watch(EventPointer event);

private:
    using Clock = std::chrono::steady_clock;

    /// Events of one stream in the order in which they will happen.
    struct Lane {
        const StreamState* stream;
        std::deque<EventPointer> events;
    };
    using Lanes = std::list<Lane>;

    [[nodiscard]] bool append(EventPointer& event);
    void provide_thread();
    void start_thread(void (EventWaiter::*body)() noexcept);
    void block() noexcept;
    void poll() noexcept;
    bool finish_ended(std::unique_lock<std::mutex>& lock) noexcept;
    bool remove_first(Lanes& from, Lanes::iterator lane) noexcept;

    std::mutex mutex_;
    std::condition_variable has_unclaimed_;
    std::condition_variable has_polled_;
    Lanes unclaimed_; // no thread waits for these yet
    Lanes blocked_;   // a thread waits in the driver for each of these
    Lanes polled_;
    std::unordered_map<const StreamState*, Lane*> lanes_; // the newest of each stream
    std::size_t blocking_threads_ = 0;
    std::size_t idle_threads_ = 0;
    bool has_poller_ = false;
};

} // namespace hocket::detail::gpu
