#include <hocket/detail/processes/shared/process_queue_base.hpp>

#include <poll.h>

#include <hocket/errors.hpp>

#include "processes/shared/broadcast.hpp"
#include "processes/shared/process_queue_state.hpp"

namespace hocket::detail {

using Attempt = ProcessQueueState::Attempt;
using Waiting = ProcessQueueState::Waiting;

ProcessQueueBase::ProcessQueueBase(std::size_t maxsize)
    : state_(std::make_shared<ProcessQueueState>(maxsize)) {}

std::size_t ProcessQueueBase::qsize() const { return state_->size(); }
std::size_t ProcessQueueBase::maxsize() const noexcept { return state_->maxsize(); }
void ProcessQueueBase::close() noexcept { state_->close(); }

// Each function tries before it makes a listener, because a listener costs more. It tries again
// afterwards, because the listener misses notifications from before its construction.

void ProcessQueueBase::put_message(const Message& message, const Deadline& deadline) const {
    if (state_->try_put(message) == Attempt::done) {
        return;
    }
    const Waiting waiting(*state_, Waiting::For::room);
    for (;;) {
        const BroadcastListener listener(waiting.broadcast());
        const Attempt attempt = state_->try_put(message);
        if (attempt == Attempt::done) {
            return;
        }
        const bool woken = attempt == Attempt::would_block
                               ? listener.wait(deadline)
                               : wait_until_ready(state_->descriptors_out(), POLLOUT, deadline);
        if (!woken) {
            throw QueueFull();
        }
        if (state_->try_put(message) == Attempt::done) {
            return;
        }
    }
}

ReceivedMessage ProcessQueueBase::get_message(const Deadline& deadline) const {
    ReceivedMessage message;
    if (state_->try_get(message)) {
        return message;
    }
    const Waiting waiting(*state_, Waiting::For::item);
    for (;;) {
        const BroadcastListener listener(waiting.broadcast());
        if (state_->try_get(message)) {
            return message;
        }
        if (!listener.wait(deadline)) {
            throw QueueEmpty();
        }
        if (state_->try_get(message)) {
            return message;
        }
    }
}

Coro<> ProcessQueueBase::await_room(Pointer state, Message message) {
    if (state->try_put(message) == Attempt::done) {
        co_return;
    }
    const Waiting waiting(*state, Waiting::For::room);
    for (;;) {
        const BroadcastListener listener(waiting.broadcast());
        const Attempt attempt = state->try_put(message);
        if (attempt == Attempt::done) {
            co_return;
        }
        if (attempt == Attempt::would_block) {
            co_await listener.wait_async();
        } else {
            co_await await_writable(state->descriptors_out());
        }
        if (state->try_put(message) == Attempt::done) {
            co_return;
        }
    }
}

Coro<ReceivedMessage> ProcessQueueBase::await_item(Pointer state) {
    ReceivedMessage message;
    if (state->try_get(message)) {
        co_return message;
    }
    const Waiting waiting(*state, Waiting::For::item);
    for (;;) {
        const BroadcastListener listener(waiting.broadcast());
        if (state->try_get(message)) {
            co_return message;
        }
        co_await listener.wait_async();
        if (state->try_get(message)) {
            co_return message;
        }
    }
}

std::vector<std::uint32_t> ProcessQueueBase::attach_all() const {
    std::vector<std::uint32_t> numbers;
    for (const int fd : state_->parts()) {
        numbers.push_back(attach_descriptor(fd));
    }
    return numbers;
}

void ProcessQueueBase::msgpack_unpack(const msgpack::object& object) {
    const auto numbers = object.as<std::vector<std::uint32_t>>();
    ProcessQueueState::Parts parts;
    if (numbers.size() != parts.size()) {
        throw msgpack::type_error();
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i] = take_descriptor(numbers[i]);
    }
    state_ = std::make_shared<ProcessQueueState>(std::move(parts));
}

} // namespace hocket::detail
