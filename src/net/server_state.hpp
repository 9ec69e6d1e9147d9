#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/detail/net/running_handler.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/network_options.hpp>
#include <hocket/server.hpp>
#include <hocket/socket.hpp>

#include "engine/listener.hpp"
#include "net/tracked_connection.hpp"

namespace hocket::detail {

class LoopNetwork;
class LoopThread;

/// The state that the handles of one server share. The loop keeps it alive while it serves or has
/// clients.
class ServerState final : public engine::AcceptSink,
                          public LoopResource,
                          public std::enable_shared_from_this<ServerState> {
public:
    /// How many clients were accepted so far, and how many connections are open.
    struct Traffic {
        std::size_t welcomed;
        std::size_t open;
    };

    /// Makes a transport and a protocol, or streams, for an accepted socket. May throw.
    using Welcome = std::function<void(Socket, const SocketAddress&, std::shared_ptr<ServerState>)>;

    ServerState(EventLoop& loop, std::vector<Socket> bound, Welcome welcome, int backlog);
    ~ServerState();

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    [[nodiscard]] bool is_serving() const noexcept { return serving_; }
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    [[nodiscard]] std::vector<SocketAddress> addresses() const;
    [[nodiscard]] std::vector<int> descriptors() const;

    /// When the server closes, removes the path of a Unix socket if it is still the same file.
    void clean_up_on_close(std::string path);

    /// Hands connections accepted from now on to `loops` loops, each in its own thread.
    /// `make_welcome` makes the Welcome for each of these loops. Throws std::system_error.
    void spread(std::size_t loops, const std::function<Welcome(EventLoop&)>& make_welcome);
    [[nodiscard]] const std::vector<std::unique_ptr<LoopThread>>& threads() const noexcept {
        return threads_;
    }

    /// Throws std::system_error.
    void start_serving();
    void close() noexcept;
    void close_clients() noexcept;
    void abort_clients() noexcept;
    /// Stops serving the clients that are not waiting for an answer.
    void finish_clients() noexcept;
    void cancel_handlers() noexcept;
    /// Ends everything now. Tasks that wait for the drain stop waiting, even if handlers still run.
    void stop() noexcept;
    /// Called when the loop is closed.
    void drop() noexcept override;

    engine::IntrusiveList<TrackedConnection>& clients() noexcept { return clients_; }
    void client_came() noexcept;
    void client_left() noexcept;
    /// Sets up an accepted connection on this server's own loop.
    void welcome(Socket socket, const SocketAddress& peer) noexcept;
    /// May be called on any thread.
    [[nodiscard]] Traffic traffic() const noexcept {
        return {welcomed_.load(std::memory_order_relaxed), open_.load(std::memory_order_relaxed)};
    }
    engine::IntrusiveList<RunningHandler>& handlers() noexcept { return handlers_; }
    void handler_left() noexcept;

    /// Whether the server is closed and its clients are gone, which is what wait_closed waits for.
    [[nodiscard]] bool is_finished() const noexcept { return finished_; }
    WaitQueue& closed_waiters() noexcept { return closed_waiters_; }
    /// Whether, in addition, the last handler has ended.
    [[nodiscard]] bool is_drained() const noexcept {
        return stopped_ || (finished_ && handlers_.empty());
    }
    WaitQueue& drain_waiters() noexcept { return drain_waiters_; }

    bool serving_forever = false;
    /// The task in serve_forever; woken when the server is closed.
    WaitQueue forever_waiters;

private:
    struct Path {
        std::string name;
        dev_t device;
        ino_t inode;
    };

    void on_accept(Socket socket, const SocketAddress& peer) noexcept override;
    void on_accept_failed(const engine::Failure& failure) noexcept override;
    void finish_if_done() noexcept;
    void assign_connection(Socket socket, const SocketAddress& peer);
    void on_each_thread(void (ServerState::*operation)() noexcept) noexcept;
    void for_each_client(void (TrackedConnection::*call)() noexcept) noexcept;
    void thread_ended(const LoopThread& thread) noexcept;

    EventLoop& loop_;
    LoopNetwork* network_;
    std::vector<std::unique_ptr<engine::Listener>> listeners_;
    Welcome welcome_;
    int backlog_;
    bool serving_ = false;
    bool closed_ = false;
    bool finished_ = false;
    bool stopped_ = false;
    std::vector<std::unique_ptr<LoopThread>> threads_; // serve the clients instead of this loop
    bool is_spread_ = false;                           // whether there are, or were, such threads
    std::size_t next_thread_ = 0;
    std::atomic<std::size_t> welcomed_ = 0;
    std::atomic<std::size_t> open_ = 0;
    ContextPointer context_; // its creator's context: its clients' callbacks and tasks run in it
    engine::IntrusiveList<TrackedConnection> clients_;
    engine::IntrusiveList<RunningHandler> handlers_;
    WaitQueue closed_waiters_;
    WaitQueue drain_waiters_;
    std::vector<Path> paths_;
};

/// Serves connections handed to the server until it is drained or stopped.
Coro<> serve_until_drained(std::shared_ptr<ServerState> server);

} // namespace hocket::detail
