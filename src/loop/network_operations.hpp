#pragma once

#include <coroutine>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/socket.hpp>

#include "engine/connector.hpp"
#include "engine/resolver.hpp"
#include "loop/fd_watch.hpp"
#include "loop/loop_network.hpp"

namespace hocket::detail {

/// Awaits the resolver's answer. Must be a named local variable of the awaiting coroutine.
class Resolve final : public Operation, private engine::ResolveRequest {
public:
    using hocket_awaitable = void;

    Resolve(engine::Resolver& resolver, engine::ResolveQuery query)
        : resolver_(resolver), query_(std::move(query)) {}

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        resolver_.start(*this, std::move(query_));
        task_->suspend(caller.promise(), *this);
    }
    std::vector<engine::ResolvedAddress> await_resume() {
        task_->throw_if_cancelled();
        if (failure_) {
            throw std::system_error(failure_->code, failure_->what);
        }
        return std::move(addresses_);
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "name resolution"};
    }

private:
    bool cancel(std::string_view) noexcept override {
        if (!is_pending()) {
            return false;
        }
        resolver_.cancel(*this);
        task_->interrupt();
        return true;
    }
    void on_resolved(std::vector<engine::ResolvedAddress> addresses,
                     const engine::Failure* failure) noexcept override {
        addresses_ = std::move(addresses);
        if (failure != nullptr) {
            failure_ = *failure;
        }
        task_->wake();
    }

    engine::Resolver& resolver_;
    engine::ResolveQuery query_;
    TaskBase* task_ = nullptr;
    std::vector<engine::ResolvedAddress> addresses_;
    std::optional<engine::Failure> failure_;
};

/// Awaits a connection: yields an open socket or the failures. Must be a named local variable of
/// the awaiting coroutine.
class Connect final : public Operation, private engine::ConnectSink {
public:
    using hocket_awaitable = void;

    Connect(engine::Reactor& reactor, engine::ConnectPlan plan)
        : connector_(reactor, *this), plan_(std::move(plan)) {}

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        connector_.start(std::move(plan_));
        task_->suspend(caller.promise(), *this);
    }
    /// If the task is cancelled in the turn in which the connection is made, the socket is closed
    /// with this object.
    void await_resume() { task_->throw_if_cancelled(); }

    [[nodiscard]] Socket take_socket() noexcept { return std::move(socket_); }
    [[nodiscard]] const std::vector<engine::Failure>& failures() const noexcept {
        return failures_;
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "connection"}; }

private:
    bool cancel(std::string_view) noexcept override {
        if (!connector_.is_pending()) {
            return false;
        }
        connector_.cancel();
        task_->interrupt();
        return true;
    }
    void on_connected(Socket socket, const SocketAddress&) noexcept override {
        socket_ = std::move(socket);
        task_->wake();
    }
    void on_connect_failed(std::vector<engine::Failure> failures) noexcept override {
        failures_ = std::move(failures);
        task_->wake();
    }

    engine::Connector connector_;
    engine::ConnectPlan plan_;
    TaskBase* task_ = nullptr;
    Socket socket_;
    std::vector<engine::Failure> failures_;
};

/// EventLoop::sock_sendall.
Coro<> send_all(LoopNetwork& network, int fd, std::string_view data);

/// Waits until a descriptor is ready. Must be a named local variable of the awaiting coroutine; can
/// be awaited repeatedly.
class FdReady final : public Operation, private FdListener {
public:
    using hocket_awaitable = void;

    FdReady(LoopNetwork& network, int fd, FdWatch::Direction direction) noexcept
        : network_(network), fd_(fd), direction_(direction) {}
    ~FdReady() { forget(); }

    /// Throws RuntimeError if the descriptor already has a waiter in this direction.
    bool await_ready();
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        task_->suspend(caller.promise(), *this);
    }
    void await_resume() { task_->throw_if_cancelled(); }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "readiness", .fd = fd_};
    }

private:
    bool cancel(std::string_view message) noexcept override;
    void on_fd_ready() noexcept override;
    void release() noexcept override;
    bool forget() noexcept;

    LoopNetwork& network_;
    int fd_;
    FdWatch::Direction direction_;
    bool is_listening_ = false;
    TaskBase* task_ = nullptr;
};

} // namespace hocket::detail
