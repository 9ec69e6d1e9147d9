#include "processes/pool/pool_worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "observe/observer.hpp"
#include "processes/calls/module_table.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

using engine::MessageHeader;
using MessageState = MessageHeader::State;

// The limit for arguments on their way to one worker, in bytes. Further calls wait in the pool.
constexpr std::size_t most_in_segments = std::size_t{256} << 20;

} // namespace

PoolWorker::PoolWorker(engine::Poller& poller, int number, const engine::MemoryMapping& notifier,
                       int eventfd, StartMethod method, std::int64_t spin, const OutputSink& output,
                       OnExit on_exit)
    : ChildWatcher(poller),
      number_(number),
      link_region_(engine::MemoryMapping::create("worker", sizeof(engine::WorkerLink))),
      link_(reinterpret_cast<engine::WorkerLink*>(link_region_.data())),
      requests_(link_->requests()),
      replies_(link_->replies()),
      on_exit_(std::move(on_exit)) {
    Message first = pack_message(
        Bootstrap{Bootstrap::pool_worker, spin, static_cast<std::uint32_t>(observer::own_watch())});
    for (const int fd : {link_region_.fileno(), notifier.fileno(), eventfd}) {
        first.descriptors.push_back(engine::FileDescriptor::duplicate(fd));
    }
    if (output) {
        output_.emplace(poller, number, output);
        first.descriptors.push_back(std::move(output_->worker_stdout));
        first.descriptors.push_back(std::move(output_->worker_stderr));
    }
    process_ = start_worker(method);
    try {
        introduce(std::move(first));
    } catch (...) {
        abandon(process_); // otherwise it would have no watcher
        throw;
    }
}

// Begins to watch the process, and sends its first message.
void PoolWorker::introduce(Message first) {
    std::error_code error = engine::send_message(
        process_.control.fileno(), {first.bytes.data(), first.bytes.size()}, first.descriptors);
    // EPIPE: it has already ended; its watcher will report that.
    if (!error || error == std::errc::broken_pipe) {
        error = ChildWatcher::start(engine::FileDescriptor::duplicate(process_.pidfd.fileno()),
                                    process_.reports.fileno());
    }
    if (error) {
        throw std::system_error(error, "cannot send to a new worker process");
    }
}

PoolWorker::~PoolWorker() {
    if (ChildWatcher::is_started()) {
        kill();
    }
}

void PoolWorker::kill() noexcept {
    ending_ = true;
    ::syscall(SYS_pidfd_send_signal, process_.pidfd.fileno(), SIGKILL, nullptr, 0);
}

void PoolWorker::on_exit(int status, std::error_code error) noexcept {
    on_exit_(*this, status, error);
}

bool PoolWorker::send(RemoteCall& call, const GatherBuffer& body) {
    if (modules_known_ < ModuleTable::size() && !send_modules()) {
        return false;
    }
    const std::size_t size = body.size();
    const bool in_ring = size <= engine::WorkerLink::largest_body;
    MessageHeader* const message = requests_->reserve(in_ring ? size : 0);
    if (message == nullptr) {
        return false;
    }
    OutgoingSegments::Segment segment{};
    int new_segment = -1;
    if (!in_ring) {
        segment = argument_segments_.take(size, outstanding_ > 0 ? most_in_segments
                                                                 : OutgoingSegments::no_limit);
        if (segment.body == nullptr) {
            return false;
        }
        message->segment = segment.number;
        message->segment_size = size;
        if (!argument_segments_.is_known(segment.number)) {
            new_segment = argument_segments_.fileno(segment.number);
        }
    }
    if (!call.descriptors.empty() || new_segment >= 0) {
        if (const auto error = send_descriptors(call, new_segment)) {
            if (!in_ring) {
                argument_segments_.free(segment.number);
            }
            if (error == std::errc::resource_unavailable_try_again ||
                error == std::errc::broken_pipe) {
                return false; // later, or never: then its watcher will tell
            }
            throw std::system_error(error, "cannot pass descriptors to a worker");
        }
        message->descriptors = static_cast<std::uint16_t>(call.descriptors.size());
        if (new_segment >= 0) {
            ++message->descriptors;
            argument_segments_.set_known(segment.number);
        }
    }
    message->kind = static_cast<std::uint16_t>(call.is_initializer ? engine::Request::initializer
                                               : call.timeout > 0  ? engine::Request::timed_call
                                                                   : engine::Request::call);
    message->module = call.function.module;
    message->offset = call.function.offset;
    message->call = reinterpret_cast<std::uintptr_t>(&call);
    body.copy_to(in_ring ? engine::SharedRing::body(*message).data() : segment.body);
    if (call.is_initializer) {
        is_initialised_.store(false, std::memory_order_relaxed);
    }
    sent_.push_back({&call, message, requests_->position()});
    ++outstanding_;
    requests_->commit();
    call.worker_ = this;
    call.state_ = RemoteCall::State::sent;
    if (calls_left_ != unlimited && --calls_left_ == 0) {
        stop();
    }
    return true;
}

// Sends the descriptors that the arguments share and, last, that of a segment which is new to the
// worker.
std::error_code PoolWorker::send_descriptors(RemoteCall& call, int new_segment) {
    const char mark = 'd';
    if (new_segment < 0) {
        return engine::send_message(process_.control.fileno(), {&mark, 1}, call.descriptors);
    }
    const int segment = ::fcntl(new_segment, F_DUPFD_CLOEXEC, 0);
    if (segment < 0) {
        return engine::last_error();
    }
    call.descriptors.push_back(engine::FileDescriptor(segment));
    const auto error =
        engine::send_message(process_.control.fileno(), {&mark, 1}, call.descriptors);
    call.descriptors.pop_back();
    return error;
}

// Sends the worker the modules whose functions were used since the last call.
bool PoolWorker::send_modules() {
    while (modules_known_ < ModuleTable::size()) {
        const Module module = ModuleTable::get(modules_known_);
        const Message packed = pack_message(std::tuple(module.path, module.build_id));
        MessageHeader* const message = requests_->reserve(packed.bytes.size());
        if (message == nullptr) {
            return false;
        }
        message->kind = static_cast<std::uint16_t>(engine::Request::module);
        std::memcpy(engine::SharedRing::body(*message).data(), packed.bytes.data(),
                    packed.bytes.size());
        requests_->commit();
        ++modules_known_;
    }
    return true;
}

void PoolWorker::stop() {
    ending_ = true;
    // This has its own flag, because the ring may be full.
    link_->stop.store(1, std::memory_order_seq_cst);
    wake();
}

std::vector<RemoteCall*> PoolWorker::take_back(std::size_t most) {
    std::vector<RemoteCall*> taken;
    for (auto sent = sent_.rbegin(); sent != sent_.rend() && taken.size() < most; ++sent) {
        if (sent->taken_back) {
            continue;
        }
        RemoteCall* const call = sent->call;
        if (!take_back(*sent)) {
            break; // it was started, and so was everything before it
        }
        if (call != nullptr) {
            taken.push_back(call);
        }
    }
    return {taken.rbegin(), taken.rend()};
}

bool PoolWorker::take_back(RemoteCall& call) {
    const auto sent = std::ranges::find(sent_, &call, &Sent::call);
    return sent != sent_.end() && take_back(*sent);
}

// Copies the bytes back into the call. They are still valid, because only `send` overwrites them.
bool PoolWorker::take_back(Sent& sent) noexcept {
    MessageState expected = MessageState::ready;
    if (requests_->has_been_read(sent.position) ||
        !sent.message->state.compare_exchange_strong(expected, MessageState::revoked,
                                                     std::memory_order_acq_rel)) {
        return false;
    }
    MessageHeader& message = *sent.message;
    if (sent.call != nullptr) {
        std::string& to = sent.call->body_;
        if (message.segment_size == 0) {
            const auto body = engine::SharedRing::body(message);
            to.assign(reinterpret_cast<const char*>(body.data()), body.size());
        } else {
            to.assign(reinterpret_cast<const char*>(argument_segments_.body(message.segment)),
                      message.segment_size);
        }
        sent.call->worker_ = nullptr;
        sent.call->state_ = RemoteCall::State::left;
    }
    if (message.segment_size != 0) {
        argument_segments_.free(message.segment);
    }
    sent.call = nullptr;
    sent.taken_back = true;
    --outstanding_;
    return true;
}

void PoolWorker::drop_taken_back() noexcept {
    while (!sent_.empty() && sent_.front().taken_back) {
        sent_.pop_front();
    }
}

const PoolWorker::Sent* PoolWorker::oldest() noexcept {
    drop_taken_back();
    return sent_.empty() ? nullptr : &sent_.front();
}

std::int64_t PoolWorker::shortest_timeout() const noexcept {
    std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
    for (const Sent& sent : sent_) {
        if (sent.call != nullptr && sent.call->timeout > 0 && !is_started(sent)) {
            shortest = std::min(shortest, sent.call->timeout);
        }
    }
    return shortest;
}

void PoolWorker::give_up(RemoteCall& call) noexcept {
    for (Sent& sent : sent_) {
        if (sent.call == &call) {
            sent.call = nullptr;
        }
    }
}

PoolWorker::Answer PoolWorker::take_answer() {
    MessageHeader& reply = *replies_->front();
    drop_taken_back();
    Answer answer{sent_.front().call,
                  reply.kind == static_cast<std::uint16_t>(engine::Reply::exception),
                  {},
                  {},
                  {}};
    sent_.pop_front();
    --outstanding_;
    if (answer.call != nullptr && answer.call->is_initializer && !answer.is_exception) {
        is_initialised_.store(true, std::memory_order_release);
    }
    if (answer.call != nullptr) {
        answer.call->worker_ = nullptr;
        answer.call->state_ = RemoteCall::State::left;
    }
    try {
        receive_body(reply, answer);
    } catch (...) {
        answer.lost = std::current_exception();
    }
    return answer;
}

void PoolWorker::receive_body(MessageHeader& reply, Answer& answer) {
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

void PoolWorker::answer_taken() noexcept {
    const MessageHeader& reply = *replies_->front();
    if (reply.segment_size != 0) {
        result_segments_.free(reply.segment);
    }
    replies_->pop();
    link_->reply_taken.notify_all();
}

} // namespace hocket::detail
