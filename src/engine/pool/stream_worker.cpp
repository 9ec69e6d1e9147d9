#include "engine/pool/stream_worker.hpp"

#include <algorithm>
#include <csignal>
#include <limits>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::engine {

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

void kill_process(int pidfd) noexcept {
    if (pidfd >= 0) {
        ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    }
}

} // namespace

StreamWorker::StreamWorker(PoolCore& pool, int number, StreamPeer peer,
                           const StreamOptions& options)
    : PoolWorker(number),
      pool_(pool),
      options_(options),
      peer_(std::move(peer)),
      child_(pool.reactor().poller(), *this),
      reader_(FrameSender::worker, options.longest_body, &pool.frame_memory()),
      last_heard_(Reactor::now()),
      hello_due_(last_heard_ + options.hello_timeout) {
    most_ahead_.store(0, std::memory_order_relaxed); // until it has said hello
    outgoing_.add(FrameKind::hello, 0, std::make_shared<std::string>(options.hello.encode()));
    if (!peer_.socket.is_open()) {
        return;
    }
    auto error = watch_peer();
    if (!error && peer_.pidfd.is_open()) {
        error = child_.start(FileDescriptor::duplicate(peer_.pidfd.fileno()));
    }
    if (error) {
        pool.reactor().poller().remove(*this);
        throw std::system_error(error, "epoll_ctl for a worker");
    }
    write_some();
    arm_timer();
}

StreamWorker::~StreamWorker() {
    if (is_armed()) {
        pool_.reactor().timers().cancel(*this);
    }
    pool_.reactor().poller().remove(*this);
    if (child_.is_started()) {
        kill_process(peer_.pidfd.fileno());
    }
}

PoolWorker::Sending StreamWorker::send(PoolCall& call, const CallBody& body,
                                       std::optional<PoolFailure>& why) {
    if (!call.descriptors.empty()) {
        why = PoolFailure{
            PoolFailure::Code::undeliverable,
            "shared memory, pipes and locks cannot be passed to a worker that does not share "
            "memory with this process: pass what they contain"};
        return Sending::refused;
    }
    if (body.size() > options_.longest_body - CallPrefix::size) {
        why = PoolFailure{PoolFailure::Code::undeliverable,
                          "the arguments of the call have " + std::to_string(body.size()) +
                              " bytes; a worker behind a stream takes at most " +
                              std::to_string(options_.longest_body - CallPrefix::size)};
        return Sending::refused;
    }
    {
        const std::scoped_lock lock(mutex_);
        if (is_killed_ ||
            (!sent_.empty() && bytes_ahead_ + body.size() > options_.most_bytes_ahead)) {
            return Sending::full;
        }
        for (; options_.modules != nullptr && modules_sent_ < options_.modules->size();
             ++modules_sent_) {
            outgoing_.add(FrameKind::module, 0,
                          std::make_shared<std::string>(options_.modules->describe(modules_sent_)));
        }
        auto bytes = std::make_shared<std::string>(body.take());
        sent_.push_back({&call, next_call_, bytes, call.is_initializer});
        bytes_ahead_ += bytes->size();
        outgoing_.add_call(next_call_++, call.function, std::move(bytes));
        if (call.is_initializer) {
            is_initialised_.store(false, std::memory_order_relaxed);
        }
    }
    mark_sent(call);
    return Sending::sent;
}

void StreamWorker::flush() noexcept {
    const std::scoped_lock lock(mutex_);
    write_some();
}

// Before the other end has said hello, sends nothing but the own hello.
void StreamWorker::write_some() {
    const bool has_greeted = has_greeted_.load(std::memory_order_acquire);
    if (!peer_.socket.is_open() || is_killed_ || is_blocked_ || write_error_ ||
        (!has_greeted && is_hello_sent_)) {
        return;
    }
    write_error_ = outgoing_.send(peer_.socket.fileno(), has_greeted ? no_limit : 1, is_blocked_,
                                  [this](std::uint64_t number) {
                                      const auto sent =
                                          std::ranges::find(sent_, number, &Sent::number);
                                      if (sent != sent_.end()) {
                                          sent->is_written = true;
                                      }
                                      if (sent == sent_.begin()) {
                                          note_start();
                                      }
                                  });
    is_hello_sent_ = is_hello_sent_ || (!is_blocked_ && !write_error_);
    if (is_blocked_ || write_error_) {
        pool_.request_service();
    }
}

// The oldest call counts as started as soon as the worker has it.
void StreamWorker::note_start() noexcept {
    started_at_.store(Reactor::now(), std::memory_order_relaxed);
}

void StreamWorker::stop() {
    ending_ = true;
    const std::scoped_lock lock(mutex_);
    is_stopped_ = true;
    if (!peer_.socket.is_open()) {
        is_killed_ = true; // it has no calls
        pool_.request_service();
    }
    outgoing_.add(FrameKind::stop);
    write_some();
}

// The supervisor sees the end of the stream.
void StreamWorker::kill() noexcept {
    ending_ = true;
    const std::scoped_lock lock(mutex_);
    is_killed_ = true;
    outgoing_.clear();
    if (peer_.socket.is_open()) {
        ::shutdown(peer_.socket.fileno(), SHUT_RDWR);
    } else {
        pool_.request_service();
    }
    kill_process(peer_.pidfd.fileno());
}

PoolWorker::Calls StreamWorker::take_back(std::size_t most) {
    Calls taken;
    const std::scoped_lock lock(mutex_);
    std::size_t asked = 0;
    for (std::size_t i = sent_.size(); i-- > 0 && taken.size() + asked < most;) {
        Sent& sent = sent_[i];
        if (sent.call == nullptr || sent.is_initializer) {
            continue;
        }
        if (outgoing_.remove_call(sent.number)) {
            taken.push_back(sent.call);
            forget(i);
        } else if (i > 0 && !sent.is_asked_back) {
            sent.is_asked_back = true;
            ++asked;
            outgoing_.add(FrameKind::give_back, sent.number);
        }
    }
    write_some();
    return {taken.rbegin(), taken.rend()};
}

bool StreamWorker::take_back(PoolCall& call) {
    const std::scoped_lock lock(mutex_);
    const auto sent = std::ranges::find(sent_, &call, &Sent::call);
    if (sent == sent_.end() || !outgoing_.remove_call(sent->number)) {
        return false;
    }
    forget(static_cast<std::size_t>(sent - sent_.begin()));
    return true;
}

// The worker never gets this call.
void StreamWorker::forget(std::size_t index) {
    Sent& sent = sent_[index];
    bytes_ahead_ -= sent.body->size();
    mark_returned(*sent.call, std::move(*sent.body));
    sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(index));
    --outstanding_;
}

// The worker itself knows what runs: it drops the call, or ends.
bool StreamWorker::end_call(PoolCall& call, Calls&) {
    const std::scoped_lock lock(mutex_);
    const auto sent = std::ranges::find(sent_, &call, &Sent::call);
    if (sent == sent_.end()) {
        return false;
    }
    sent->call = nullptr;
    sent->cancelled_until = Reactor::now() + options_.cancel_timeout;
    mark_left(call);
    outgoing_.add(FrameKind::cancel, sent->number);
    write_some();
    pool_.request_service(); // for the deadline
    return true;
}

PoolCall* StreamWorker::running() noexcept {
    const std::scoped_lock lock(mutex_);
    return !sent_.empty() && sent_.front().is_written ? sent_.front().call : nullptr;
}

PoolWorker::Remains StreamWorker::take_remains() {
    Remains remains;
    const std::scoped_lock lock(mutex_);
    bool is_oldest = true;
    for (Sent& sent : sent_) {
        const bool ran = sent.is_written && (is_oldest || may_have_run_all_);
        is_oldest = false;
        if (sent.call == nullptr) {
            continue;
        }
        if (ran || sent.is_initializer) {
            mark_left(*sent.call);
            remains.ran.push_back(sent.call);
        } else {
            mark_returned(*sent.call, std::move(*sent.body));
            remains.not_started.push_back(sent.call);
        }
    }
    sent_.clear();
    outgoing_.clear();
    outstanding_ = answered_.size();
    return remains;
}

std::int64_t StreamWorker::shortest_timeout() const noexcept {
    std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
    const std::scoped_lock lock(mutex_);
    for (const Sent& sent : sent_) {
        const bool runs = &sent == &sent_.front() && sent.is_written;
        if (!runs && sent.call != nullptr && sent.call->timeout > 0) {
            shortest = std::min(shortest, sent.call->timeout);
        }
    }
    return shortest;
}

PoolWorker::Answer StreamWorker::take_answer() {
    {
        const std::scoped_lock lock(mutex_);
        taken_ = std::move(answered_.front());
        answered_.pop_front();
    }
    answer_count_.fetch_sub(1, std::memory_order_relaxed);
    --outstanding_;
    PoolCall* const call = taken_.sent.call;
    Answer answer{call, taken_.kind};
    if (taken_.kind == AnswerKind::returned) {
        if (call != nullptr) {
            mark_returned(*call, std::move(*taken_.sent.body));
        }
        return answer;
    }
    answer.body = taken_.frame.body().subspan(AnswerPrefix::size);
    if (call != nullptr) {
        mark_left(*call);
    }
    if (taken_.sent.is_initializer && taken_.kind == AnswerKind::result) {
        is_initialised_.store(true, std::memory_order_release);
        most_ahead_.store(options_.calls_ahead, std::memory_order_relaxed);
    }
    return answer;
}

} // namespace hocket::engine
