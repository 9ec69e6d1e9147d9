#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/calls/received_message.hpp>

namespace hocket::detail {

class ProcessQueueState; // src/processes/shared/process_queue_state.hpp

/// The common part of all ProcessQueue types.
class ProcessQueueBase {
public:
    /// The number of items.
    [[nodiscard]] std::size_t qsize() const;
    [[nodiscard]] bool empty() const { return qsize() == 0; }
    /// Whether `put` would wait.
    [[nodiscard]] bool full() const { return maxsize() != 0 && qsize() >= maxsize(); }
    /// The limit; 0 if there is none.
    [[nodiscard]] std::size_t maxsize() const noexcept;

    /// Ends the use of the queue in this process, through any copy: `put` and `get` throw
    /// ValueError from now on. Calls that already wait keep waiting. The items stay in the queue
    /// for other processes.
    void close() noexcept;

    /// Throws RuntimeError unless it is packed as part of a message to another process.
    template <class Packer> void msgpack_pack(Packer& packer) const { packer.pack(attach_all()); }
    void msgpack_unpack(const msgpack::object& object);

protected:
    explicit ProcessQueueBase(std::size_t maxsize);

    void put_message(const Message& message, const Deadline& deadline) const;
    [[nodiscard]] ReceivedMessage get_message(const Deadline& deadline) const;
    [[nodiscard]] Coro<> put_in_task(Message message) const {
        return await_room(state_, std::move(message));
    }
    [[nodiscard]] Coro<ReceivedMessage> get_in_task() const { return await_item(state_); }

private:
    using Pointer = std::shared_ptr<ProcessQueueState>;
    static Coro<> await_room(Pointer state, Message message);
    static Coro<ReceivedMessage> await_item(Pointer state);
    /// The numbers of the descriptors in the message.
    [[nodiscard]] std::vector<std::uint32_t> attach_all() const;

    Pointer state_;
};

} // namespace hocket::detail
