#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <hocket/datagram.hpp>
#include <hocket/detail/net/datagram_factory.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/event_loop.hpp>

#include "engine/datagram_queue.hpp"
#include "engine/datagram_transport.hpp"
#include "engine/water_marks.hpp"
#include "net/tracked_connection.hpp"

namespace hocket::detail {

/// The state that the copies of a DatagramEndpoint share. The loop keeps it alive until it is
/// closed.
///
/// Each received datagram and each error is an item. An item that arrives while tasks wait is
/// granted to the first of them. Later receivers must not take granted items: a granted task must
/// always find one.
class DatagramEndpointState final : public engine::DatagramHandler,
                                    public TrackedConnection,
                                    public std::enable_shared_from_this<DatagramEndpointState> {
public:
    /// Use `open`.
    DatagramEndpointState(EventLoop& loop, DatagramSocket socket, std::size_t limit);

    /// Takes over the socket and begins to receive.
    [[nodiscard]] static std::shared_ptr<DatagramEndpointState>
    open(EventLoop& loop, DatagramSocket socket, std::size_t limit);

    void send(std::string_view data, const SocketAddress& to);
    [[nodiscard]] bool is_closing() const noexcept {
        return !transport_ || transport_->is_closing();
    }
    [[nodiscard]] bool is_lost() const noexcept { return lost_; }
    [[nodiscard]] bool is_writing_paused() const noexcept { return writing_paused_; }
    /// Why the endpoint was lost; nullptr if it was closed.
    [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }
    [[nodiscard]] const SocketAddress& peer() const noexcept { return peer_; }
    /// Not open once the endpoint is closed.
    [[nodiscard]] Socket& socket() noexcept { return transport_ ? transport_->socket() : none_; }

    // For the receive operations.
    /// Whether a task that has not waited would get a result at once: an item, or the end.
    [[nodiscard]] bool has_item() const noexcept { return items() > granted_ || lost_; }
    WaitQueue& receivers() noexcept { return receivers_; }
    /// Called when a task that has waited resumes. It must then take an item or call `offer_item`.
    void leave(Waiter& waiter) noexcept;
    /// Called when there is an item that is granted to no task: wakes the first waiting task.
    void offer_item() noexcept;
    /// Throw the pending error if there is one, and EOFError if the endpoint is closed.
    [[nodiscard]] Datagram take();
    [[nodiscard]] DatagramSize take_into(std::span<std::byte> space);

    WaitQueue& drain_waiters() noexcept { return drain_waiters_; }
    WaitQueue& close_waiters() noexcept { return close_waiters_; }

    void close_connection() noexcept override;
    void abort_connection() noexcept override;
    void drop() noexcept override;

private:
    void on_datagram(std::string_view data, const SocketAddress& from) noexcept override;
    void on_error(const engine::Failure& failure) noexcept override;
    void on_closed(const engine::Failure* failure) noexcept override;
    void on_pause_writing() noexcept override { writing_paused_ = true; }
    void on_resume_writing() noexcept override;

    [[nodiscard]] std::size_t items() const noexcept {
        return received_.count() + (error_ ? 1 : 0);
    }
    void require_datagram();
    void pop() noexcept;

    EventLoop& loop_;
    SocketAddress peer_;
    engine::WaterMarks marks_; // for the received data
    bool writing_paused_ = false;
    bool lost_ = false;
    std::size_t granted_ = 0; // tasks that were woken to take an item and have not resumed yet
    std::optional<engine::Failure> error_; // delivered before the datagrams
    std::exception_ptr failure_;
    Socket none_; // what `socket` returns after the loop is closed
    WaitQueue receivers_;
    WaitQueue drain_waiters_;
    WaitQueue close_waiters_;
    engine::DatagramQueue received_; // empty once the endpoint is lost: the loop owns its memory
    std::optional<engine::DatagramTransport> transport_; // until the loop is closed
};

} // namespace hocket::detail
