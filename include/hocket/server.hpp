#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/socket.hpp>

namespace hocket {

class EventLoop;

namespace detail {
class ServerState;

/// A list of one socket.
[[nodiscard]] std::vector<Socket> only(Socket socket);

/// The task that handles a client, listed with the server for as long as it runs, so that a drain
/// can wait for it. Lives in the task's coroutine.
class RunningHandler final : public engine::ListLink {
public:
    explicit RunningHandler(ServerState& server) noexcept;
    ~RunningHandler();

    [[nodiscard]] TaskBase& task() const noexcept { return task_; }

private:
    ServerState& server_; // kept alive by the coroutine
    TaskBase& task_;
};

/// Waits until a server is closed and its last client gone.
class [[nodiscard]] WaitServerClosed final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit WaitServerClosed(std::shared_ptr<ServerState> server) noexcept;
    ~WaitServerClosed();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(waiters(), caller, "Server");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_unlucky("Server");
        }
    }

private:
    [[nodiscard]] WaitQueue& waiters() noexcept;

    std::shared_ptr<ServerState> server_;
};
} // namespace detail

/// One of the sockets a server listens on.
class ServerSocket {
public:
    ServerSocket(const SocketAddress& sockname, int fileno) noexcept
        : sockname_(sockname), fileno_(fileno) {}

    /// Without the port: "127.0.0.1", or a Unix socket's path.
    [[nodiscard]] std::string address() const { return sockname_.host(); }
    [[nodiscard]] int port() const noexcept { return sockname_.port(); } ///< 0 for a Unix socket.
    [[nodiscard]] int family() const noexcept { return sockname_.family(); }
    [[nodiscard]] int fileno() const noexcept { return fileno_; }
    [[nodiscard]] const SocketAddress& sockname() const noexcept { return sockname_; }

private:
    SocketAddress sockname_;
    int fileno_;
};

/// A handle to a server: Python's asyncio.Server. Copyable; a server that serves goes on when its
/// last handle is gone, until its loop is closed. For the loop's thread.
class Server {
public:
    Server() noexcept = default; ///< Refers to no server; only assignment is allowed.
    explicit Server(std::shared_ptr<detail::ServerState> state) noexcept;

    /// The sockets it listens on; none once it is closed.
    [[nodiscard]] std::vector<ServerSocket> sockets() const;
    [[nodiscard]] bool is_serving() const noexcept;

    /// Begins to accept, unless it does already. Throws std::system_error; RuntimeError when
    /// closed.
    Coro<> start_serving();
    /// Accepts until the task is cancelled or the server closed; then closes it and its clients'
    /// connections, waits until the last one is gone, and throws CancelledError. RuntimeError when
    /// closed or awaited here already.
    Coro<> serve_forever();

    /// Stops listening. Connections that stand stay; wait_closed waits for them.
    void close() noexcept;
    /// Waits until the server is closed and its last connection is gone. Cancelling ends only the
    /// wait.
    detail::WaitServerClosed wait_closed() { return detail::WaitServerClosed(state_); }
    /// Ends the server in good order. It stops listening, as by close(). What runs may finish: a
    /// client that is owed no answer (nothing has come from it since the last write to it) finds
    /// its handler's input ended, as if it had hung up; one that is owed an answer, with that
    /// answer's first write. A handler sees the end of its StreamReader, a protocol gets
    /// eof_received.
    ///
    /// Returns true when every connection and every handler has ended within `grace`. Otherwise the
    /// connections that are left are aborted, the handlers' tasks cancelled; these get up to
    /// `clean_up` more, and false is returned, whether they have ended by then or not.
    ///
    /// May be called again, also while another drain waits: the shortest time counts. Cancelling
    /// ends only the wait; the server stays closed, and inputs ended.
    Coro<bool> drain(std::chrono::nanoseconds grace,
                     std::chrono::nanoseconds clean_up = std::chrono::seconds(1));
    /// Calls `function(loop)` on each of the loops that handle connections, on that loop's thread,
    /// and waits until all have returned; throws what one of them threw, InvalidStateError for a
    /// loop that ended before. To set exception handlers for the loops of `serve_on`, say, before
    /// `start_serving`. Other servers have one loop.
    Coro<> on_each_loop(std::function<void(EventLoop&)> function);
    /// Closes every connection as Transport::close does.
    void close_clients() noexcept;
    /// Aborts every connection as Transport::abort does.
    void abort_clients() noexcept;

private:
    std::shared_ptr<detail::ServerState> state_;
};

} // namespace hocket
