#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/net/wait_server_closed.hpp>
#include <hocket/socket.hpp>

namespace hocket {

class EventLoop;

/// One of the sockets a server listens on.
class ServerSocket {
public:
    ServerSocket(const SocketAddress& sockname, int fileno) noexcept
        : sockname_(sockname), fileno_(fileno) {}

    /// The address without the port: "127.0.0.1", or the path of a Unix socket.
    [[nodiscard]] std::string address() const { return sockname_.host(); }
    [[nodiscard]] int port() const noexcept { return sockname_.port(); } ///< 0 for a Unix socket.
    [[nodiscard]] int family() const noexcept { return sockname_.family(); }
    [[nodiscard]] int fileno() const noexcept { return fileno_; }
    [[nodiscard]] const SocketAddress& sockname() const noexcept { return sockname_; }

private:
    SocketAddress sockname_;
    int fileno_;
};

/// A handle to a server: Python's asyncio.Server. Copyable. Destroying the last handle does not
/// stop a server that is accepting; it continues until its loop is closed. Use it only on the
/// loop's thread.
class Server {
public:
    Server() noexcept = default; ///< Refers to no server; only assignment is allowed.
    explicit Server(std::shared_ptr<detail::ServerState> state) noexcept;

    /// The sockets it listens on; empty once it is closed.
    [[nodiscard]] std::vector<ServerSocket> sockets() const;
    [[nodiscard]] bool is_serving() const noexcept;

    /// Starts accepting connections, unless it does so already. Throws std::system_error, and
    /// RuntimeError if the server is closed.
    Coro<> start_serving();
    /// Accepts connections until the task is cancelled or the server is closed. Then closes the
    /// server and its clients' connections, waits until the last one has ended, and throws
    /// CancelledError. Throws RuntimeError if the server is closed, or if another task is already
    /// in this function.
    Coro<> serve_forever();

    /// Stops listening. Existing connections stay open; wait_closed waits for them.
    void close() noexcept;
    /// Waits until the server is closed and its last connection has ended. Cancelling ends only the
    /// wait.
    detail::WaitServerClosed wait_closed() { return detail::WaitServerClosed(state_); }
    /// Shuts the server down gracefully. It stops listening, as by close(), and work in progress
    /// may finish. If a client is not owed a reply (it has sent nothing since the last write to
    /// it), its input ends at once, as if the client had disconnected. If it is owed one, its input
    /// ends with the first write of that reply. A handler sees this as the end of its StreamReader;
    /// a protocol gets eof_received.
    ///
    /// Returns true if every connection and every handler has ended within `grace`. Otherwise
    /// aborts the remaining connections, cancels the remaining handlers' tasks, gives them up to
    /// `clean_up` more time, and returns false, whether they have ended by then or not.
    ///
    /// May be called again, even while another drain is waiting; the earliest deadline applies.
    /// Cancelling ends only the wait: the server stays closed, and the ended inputs stay ended.
    Coro<bool> drain(std::chrono::nanoseconds grace,
                     std::chrono::nanoseconds clean_up = std::chrono::seconds(1));
    /// Calls `function(loop)` on each loop that handles connections, on that loop's thread, and
    /// waits until all calls have returned. Throws the exception of a call, and InvalidStateError
    /// if a loop ended before its call. Useful, for example, to set exception handlers on the loops
    /// of `serve_on` before `start_serving`. Servers created otherwise have one loop.
    template <class F> requires std::invocable<std::decay_t<F>&, EventLoop&>
    auto on_each_loop(F&& function) -> detail::MadeOf<Coro<>, F> {
        return call_on_each_loop(std::forward<F>(function));
    }
    /// Closes every connection with Transport::close.
    void close_clients() noexcept;
    /// Aborts every connection with Transport::abort.
    void abort_clients() noexcept;

private:
    Coro<> call_on_each_loop(std::function<void(EventLoop&)> function);

    std::shared_ptr<detail::ServerState> state_;
};

} // namespace hocket
