#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/datagram.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

class DatagramEndpointState;

/// A task that waits for a datagram.
class DatagramReceiver final : public Waiter {
public:
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "datagram"}; }
};

/// The common part of DatagramEndpoint::recv and recv_into: waits until there is a datagram.
class DatagramReceive {
public:
    using hocket_awaitable = void;

    [[nodiscard]] bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(receivers(), caller, "DatagramEndpoint");
    }

protected:
    explicit DatagramReceive(std::shared_ptr<DatagramEndpointState> endpoint) noexcept;
    ~DatagramReceive();

    /// Called on resumption. Throws if the task was cancelled; the next receiver then gets the
    /// datagram.
    void finish();
    [[nodiscard]] DatagramEndpointState& endpoint() const noexcept { return *endpoint_; }
    [[nodiscard]] const std::shared_ptr<DatagramEndpointState>& owner() const noexcept {
        return endpoint_;
    }

private:
    [[nodiscard]] WaitQueue& receivers() noexcept;

    std::shared_ptr<DatagramEndpointState> endpoint_;
    LazyWaiter<DatagramReceiver> waiter_;
};

/// DatagramEndpoint::recv.
class [[nodiscard]] ReceiveDatagram final : public DatagramReceive {
public:
    using value_type = Datagram;

    explicit ReceiveDatagram(std::shared_ptr<DatagramEndpointState> endpoint) noexcept
        : DatagramReceive(std::move(endpoint)) {}
    operator Coro<Datagram>() const { // NOLINT(google-explicit-constructor)
        return await_in_coro<ReceiveDatagram>(owner());
    }
    Datagram await_resume();
};

/// DatagramEndpoint::recv_into.
class [[nodiscard]] ReceiveDatagramInto final : public DatagramReceive {
public:
    using value_type = DatagramSize;

    ReceiveDatagramInto(std::shared_ptr<DatagramEndpointState> endpoint,
                        std::span<std::byte> space) noexcept
        : DatagramReceive(std::move(endpoint)), space_(space) {}
    operator Coro<DatagramSize>() const { // NOLINT(google-explicit-constructor)
        return await_in_coro<ReceiveDatagramInto>(owner(), space_);
    }
    DatagramSize await_resume();

private:
    std::span<std::byte> space_;
};

/// DatagramEndpoint::drain and wait_closed.
class [[nodiscard]] WaitDatagramEndpoint final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;
    enum class For : std::uint8_t { room, end };

    WaitDatagramEndpoint(std::shared_ptr<DatagramEndpointState> endpoint, For what) noexcept;
    ~WaitDatagramEndpoint();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(waiters(), caller, "DatagramEndpoint");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_not_granted("DatagramEndpoint");
        }
        throw_if_broken();
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = what_ == For::room ? "socket write" : "end of a connection"};
    }

private:
    [[nodiscard]] WaitQueue& waiters() noexcept;
    void throw_if_broken() const;

    std::shared_ptr<DatagramEndpointState> endpoint_;
    For what_;
};

} // namespace hocket::detail
