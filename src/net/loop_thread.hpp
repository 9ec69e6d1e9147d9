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

/// A thread with a loop that serves some of a server's clients. To be used on the thread of the
/// server's own loop, the home loop.
class LoopThread {
public:
    /// Called on the home loop when the thread has ended on its own.
    using Ended = std::function<void(LoopThread&)>;

    /// Makes the loop. Throws std::system_error if there are no more descriptors.
    LoopThread(EventLoop& home, std::string name, Ended ended);
    /// Ends the thread as `run` does: aborts connections, cancels tasks and waits for them.
    ~LoopThread();

    [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
    /// Starts the thread. Connections passed to `take` are served by `server`, which must belong to
    /// this loop. Throws std::system_error if no thread can be created.
    void start(std::shared_ptr<ServerState> server);

    /// Serves the connection. Returns false if the loop has ended; the caller keeps the socket
    /// then.
    bool take(Socket& socket, const SocketAddress& peer);
    [[nodiscard]] bool is_open() noexcept;
    /// How many of the connections it was given are still open.
    [[nodiscard]] std::size_t load() const noexcept;

    /// Calls `operation` on the thread; does nothing if its loop has ended.
    void tell(void (ServerState::*operation)() noexcept) noexcept;
    /// The same for any function; returns false if the loop has ended. Throws std::bad_alloc.
    bool post(std::function<void(ServerState&)> function);

private:
    void work() noexcept;

    EventLoop& home_;
    Ended ended_;
    EventLoop loop_;
    std::shared_ptr<ServerState> server_;
    std::size_t taken_ = 0;
    std::mutex mutex_;     // posting to the loop must not race with its end
    bool is_open_ = false; // under the mutex
    std::thread thread_;
};

} // namespace hocket::detail
