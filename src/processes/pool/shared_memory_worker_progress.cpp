// The progress of the calls that a worker got through shared memory, and their answers.

#include <algorithm>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "engine/descriptor_passing.hpp"
#include "processes/pool/shared_memory_worker.hpp"

namespace hocket::detail {

namespace {

using engine::MessageHeader;
using MessageState = MessageHeader::State;

} // namespace

engine::PoolWorker::Calls SharedMemoryWorker::take_back(std::size_t most) {
    Calls taken;
    for (auto sent = sent_.rbegin(); sent != sent_.rend() && taken.size() < most; ++sent) {
        if (sent->taken_back) {
            continue;
        }
        if (sent->call != nullptr && sent->call->is_initializer) {
            break; // it is for this worker
        }
        engine::PoolCall* const call = sent->call;
        if (!take_back(*sent)) {
            break; // it was started, and so was everything before it
        }
        if (call != nullptr) {
            taken.push_back(call);
        }
    }
    return {taken.rbegin(), taken.rend()};
}

bool SharedMemoryWorker::take_back(engine::PoolCall& call) {
    const auto sent = std::ranges::find(sent_, &call, &Sent::call);
    return sent != sent_.end() && take_back(*sent);
}

// Copies the bytes back into the call. They are still valid, because only `send` overwrites them.
bool SharedMemoryWorker::take_back(Sent& sent) {
    MessageState expected = MessageState::ready;
    if (requests_->has_been_read(sent.position) ||
        !sent.message->state.compare_exchange_strong(expected, MessageState::revoked,
                                                     std::memory_order_acq_rel)) {
        return false;
    }
    MessageHeader& message = *sent.message;
    if (sent.call != nullptr) {
        std::string to;
        if (message.segment_size == 0) {
            const auto body = engine::SharedRing::body(message);
            to.assign(reinterpret_cast<const char*>(body.data()), body.size());
        } else {
            to.assign(reinterpret_cast<const char*>(argument_segments_.body(message.segment)),
                      message.segment_size);
        }
        mark_returned(*sent.call, std::move(to));
    }
    if (message.segment_size != 0) {
        argument_segments_.free(message.segment);
    }
    sent.call = nullptr;
    sent.taken_back = true;
    --outstanding_;
    return true;
}

bool SharedMemoryWorker::end_call(engine::PoolCall& call, Calls& others) {
    others = take_back(unlimited);
    const bool runs = running() == &call && !has_answer();
    if (runs) {
        give_up(call);
        kill();
    }
    return runs;
}

// Returns the oldest call without an answer; nullptr if there is none.
SharedMemoryWorker::Sent* SharedMemoryWorker::oldest() noexcept {
    while (!sent_.empty() && sent_.front().taken_back) {
        sent_.pop_front();
    }
    return sent_.empty() ? nullptr : &sent_.front();
}

engine::PoolCall* SharedMemoryWorker::running() noexcept {
    const Sent* const front = oldest();
    return front != nullptr && is_started(*front) ? front->call : nullptr;
}

engine::PoolWorker::Remains SharedMemoryWorker::take_remains() {
    Remains remains;
    remains.not_started = take_back(unlimited);
    if (const Sent* const front = oldest(); front != nullptr && front->call != nullptr) {
        remains.ran.push_back(front->call);
        give_up(*front->call);
    }
    return remains;
}

// Counts calls that were started, too: one that runs already while the answer of the call before it
// was not taken is not `running()` yet.
std::int64_t SharedMemoryWorker::shortest_timeout() const noexcept {
    std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
    for (const Sent& sent : sent_) {
        if (sent.call != nullptr && sent.call->timeout > 0) {
            shortest = std::min(shortest, sent.call->timeout);
        }
    }
    return shortest;
}

// Makes the answer to this call be dropped.
void SharedMemoryWorker::give_up(engine::PoolCall& call) noexcept {
    mark_left(call);
    for (Sent& sent : sent_) {
        if (sent.call == &call) {
            sent.call = nullptr;
        }
    }
}

engine::PoolWorker::Answer SharedMemoryWorker::take_answer() {
    MessageHeader& reply = *replies_->front();
    const bool is_error = reply.kind == static_cast<std::uint16_t>(engine::Reply::exception);
    Answer answer{oldest()->call, is_error ? AnswerKind::error : AnswerKind::result};
    sent_.pop_front();
    --outstanding_;
    if (answer.call != nullptr && answer.call->is_initializer && !is_error) {
        is_initialised_.store(true, std::memory_order_release);
    }
    if (answer.call != nullptr) {
        mark_left(*answer.call);
    }
    try {
        receive_body(reply, answer);
    } catch (const std::system_error& error) {
        answer.kind = AnswerKind::lost;
        answer.why_lost = failure_of(error, engine::PoolFailure::Code::lost_answer);
    } catch (const std::exception& error) {
        answer.kind = AnswerKind::lost;
        answer.why_lost = engine::PoolFailure{engine::PoolFailure::Code::lost_answer, error.what()};
    }
    return answer;
}

void SharedMemoryWorker::receive_body(MessageHeader& reply, Answer& answer) {
    if (reply.descriptors > 0) {
        char mark = 0;
        const auto received =
            engine::receive_message(process_.control.fileno(), {&mark, 1}, answer.descriptors);
        if (received.error) {
            throw std::system_error(received.error,
                                    "cannot receive the descriptors of a worker's result");
        }
    }
    if (reply.segment_size == 0) {
        const auto body = engine::SharedRing::body(reply);
        answer.body = {reinterpret_cast<const char*>(body.data()), body.size()};
        return;
    }
    answer.body = result_segments_.open(reply.segment, reply.segment_size, answer.descriptors);
}

void SharedMemoryWorker::answer_taken() noexcept {
    const MessageHeader& reply = *replies_->front();
    if (reply.segment_size != 0) {
        result_segments_.free(reply.segment);
    }
    replies_->pop();
    link_->reply_taken.notify_all();
}

} // namespace hocket::detail
