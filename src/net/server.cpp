#include <hocket/server.hpp>

#include <exception>
#include <utility>

#include <hocket/detail/net/one_socket.hpp>
#include <hocket/errors.hpp>
#include <hocket/future.hpp>
#include <hocket/sleep.hpp>
#include <hocket/wait.hpp>

#include "net/loop_thread.hpp"
#include "net/server_state.hpp"
#include "sync/wait_in.hpp"

namespace hocket {

namespace detail {

namespace {

using ServerPointer = std::shared_ptr<ServerState>;

void require_open(const ServerState& server) {
    if (server.is_closed()) {
        throw RuntimeError("the server is closed");
    }
}

Coro<> start_serving(ServerPointer server) {
    require_open(*server);
    server->start_serving();
    co_await Sleep(0); // one turn, as in asyncio, so that waiting clients are accepted
}

Coro<> serve_forever(ServerPointer server) {
    if (server->serving_forever) {
        throw RuntimeError("the server is already being awaited on serve_forever()");
    }
    require_open(*server);
    server->start_serving();
    server->serving_forever = true;
    std::exception_ptr end = std::make_exception_ptr(CancelledError());
    try {
        WaitIn stopped(server->forever_waiters, "Server", server->is_closed());
        co_await stopped;
    } catch (const CancelledError&) {
        end = std::current_exception();
    }
    server->close();
    // Otherwise a client that stays connected would keep the program running.
    server->close_clients();
    try {
        WaitServerClosed closed(server);
        co_await closed;
    } catch (const CancelledError&) { // cancelled again while clients are connected: stop waiting
    }
    server->serving_forever = false;
    std::rethrow_exception(end);
}

/// Waits until the server is closed, and its clients and their handlers are gone.
Coro<> wait_drained(ServerState& server) {
    WaitIn drained(server.drain_waiters(), "Server", server.is_drained());
    co_await drained;
}

/// Waits for at most `time`. Returns whether the server is drained then.
Coro<bool> drained_within(ServerState& server, std::chrono::nanoseconds time) {
    if (!server.is_drained()) {
        try {
            co_await wait_for(wait_drained(server), time);
        } catch (const TimeoutError&) {
        }
    }
    co_return server.is_drained();
}

Coro<bool> drain(ServerPointer server, std::chrono::nanoseconds grace,
                 std::chrono::nanoseconds clean_up) {
    server->close();
    server->finish_clients();
    const bool in_time = co_await drained_within(*server, grace);
    if (!in_time) {
        server->abort_clients();
        server->cancel_handlers();
        co_await drained_within(*server, clean_up);
    }
    co_return in_time;
}

/// Calls `function` on `thread`. The future receives its result.
Future<void> call_on(LoopThread& thread,
                     const std::shared_ptr<std::function<void(EventLoop&)>>& function) {
    const auto promise = std::make_shared<Promise<void>>();
    const Future<void> done = promise->get_future();
    promise->set_running_or_notify_cancel(); // cancelling the wait does not cancel the call
    thread.post([promise, function](ServerState& server) {
        try {
            (*function)(server.loop());
            promise->set_result();
        } catch (...) {
            promise->set_exception(std::current_exception());
        }
    });
    return done;
}

Coro<> on_each_loop(ServerPointer server, std::function<void(EventLoop&)> function) {
    if (server->threads().empty()) {
        function(server->loop());
        co_return;
    }
    const auto shared = std::make_shared<std::function<void(EventLoop&)>>(std::move(function));
    std::vector<Future<void>> calls;
    for (const auto& thread : server->threads()) {
        calls.push_back(call_on(*thread, shared));
    }
    std::exception_ptr failure;
    for (const Future<void>& call : calls) {
        try {
            co_await call;
        } catch (const std::exception&) {
            failure = std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace

Coro<> serve_until_drained(ServerPointer server) {
    server->start_serving();
    co_await wait_drained(*server);
}

std::vector<Socket> only(Socket socket) {
    std::vector<Socket> one;
    one.push_back(std::move(socket));
    return one;
}

RunningHandler::RunningHandler(ServerState& server) noexcept
    : server_(server), task_(*server.loop().core().current) {
    server_.handlers().push_back(*this);
}

RunningHandler::~RunningHandler() {
    server_.handlers().erase(*this);
    server_.handler_left();
}

WaitServerClosed::WaitServerClosed(std::shared_ptr<ServerState> server) noexcept
    : server_(std::move(server)) {}

WaitServerClosed::~WaitServerClosed() = default;

WaitServerClosed::operator Coro<void>() const { return await_in_coro<WaitServerClosed>(server_); }

bool WaitServerClosed::await_ready() const noexcept { return server_->is_finished(); }

WaitQueue& WaitServerClosed::waiters() noexcept { return server_->closed_waiters(); }

} // namespace detail

Server::Server(std::shared_ptr<detail::ServerState> state) noexcept : state_(std::move(state)) {}

std::vector<ServerSocket> Server::sockets() const {
    std::vector<ServerSocket> all;
    if (!state_->is_closed()) {
        const std::vector<SocketAddress> addresses = state_->addresses();
        const std::vector<int> descriptors = state_->descriptors();
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            all.emplace_back(addresses[i], descriptors[i]);
        }
    }
    return all;
}

bool Server::is_serving() const noexcept { return state_->is_serving(); }

Coro<> Server::start_serving() { return detail::start_serving(state_); }

Coro<> Server::serve_forever() { return detail::serve_forever(state_); }

void Server::close() noexcept { state_->close(); }

Coro<bool> Server::drain(std::chrono::nanoseconds grace, std::chrono::nanoseconds clean_up) {
    return detail::drain(state_, grace, clean_up);
}

Coro<> Server::call_on_each_loop(std::function<void(EventLoop&)> function) {
    return detail::on_each_loop(state_, std::move(function));
}

void Server::close_clients() noexcept { state_->close_clients(); }

void Server::abort_clients() noexcept { state_->abort_clients(); }

} // namespace hocket
