#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <hocket/event_loop.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

class ServerState;

/// A thread with a loop that serves some of a server's clients. Belongs to the thread of the
/// server's own loop, its home.
class LoopThread {
public:
    /// Called on the home loop when the thread has ended by itself.
    using Ended = std::function<void(LoopThread&)>;

    /// Makes the loop; throws std::system_error when out of descriptors.
    LoopThread(EventLoop& home, std::string name, Ended ended);
    /// Ends the thread as `run` ends: aborts connections, cancels tasks and waits for them.
    ~LoopThread();

    [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
    /// Serves what `take` is given as `server` says, which must be of this loop. Throws
    /// std::system_error when there is no thread to be had.
    void start(std::shared_ptr<ServerState> server);

    /// Serves the connection; false, and it is still the caller's, when the loop has ended.
    bool take(Socket& socket, const SocketAddress& peer);
    [[nodiscard]] bool is_open() noexcept;
    /// How many connections it has been given that are not gone yet.
    [[nodiscard]] std::size_t load() const noexcept;

    /// Calls `operation` on the thread; not at all when its loop has ended.
    void tell(void (ServerState::*operation)() noexcept) noexcept;
    /// The same, for any function; false when the loop has ended. Throws std::bad_alloc.
    bool post(std::function<void(ServerState&)> function);

private:
    void work() noexcept;

    EventLoop& home_;
    Ended ended_;
    EventLoop loop_;
    std::shared_ptr<ServerState> server_;
    std::size_t taken_ = 0;
    std::mutex mutex_;     // what posts to the loop must not meet its end
    bool is_open_ = false; // under the mutex
    std::thread thread_;
};

} // namespace hocket::detail
