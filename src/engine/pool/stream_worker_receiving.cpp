// How the supervisor receives the frames of a worker behind a stream.

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include <sys/socket.h>

#include "engine/last_error.hpp"
#include "engine/pool/stream_worker.hpp"

namespace hocket::engine {

namespace {

constexpr std::size_t budget_of_a_turn = std::size_t{4} << 20;

} // namespace

void StreamWorker::on_ready(std::uint32_t events) noexcept {
    if ((events & writable) != 0) {
        // The other end takes bytes: it may be busy with a large call, and answer no ping.
        last_heard_ = Reactor::now();
        const std::scoped_lock lock(mutex_);
        is_blocked_ = false;
        write_some();
    }
    if ((events & ~writable) != 0) {
        receive(budget_of_a_turn);
    }
    if (!is_lost_) {
        service();
    }
}

void StreamWorker::receive(std::size_t budget) noexcept {
    const std::size_t before = answer_count_.load(std::memory_order_relaxed);
    const bool had_greeted = has_greeted_.load(std::memory_order_relaxed);
    std::string why;
    bool is_clean = false;
    while (budget > 0) {
        const std::span<char> space = reader_.space();
        const ssize_t count = ::recv(peer_.socket.fileno(), space.data(),
                                     std::min(space.size(), budget), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && would_block()) {
            break;
        }
        if (count <= 0) {
            const std::error_code error = count < 0 ? last_error() : std::error_code();
            is_clean = !error || (loses_nothing_ && error == std::errc::connection_reset);
            why = !is_clean                   ? "is lost: " + error.message()
                  : reader_.is_inside_frame() ? "closed the connection inside a frame"
                                              : "closed the connection";
            ended_itself_ = is_clean;
            break;
        }
        last_heard_ = Reactor::now();
        budget -= static_cast<std::size_t>(count);
        if (why = take_bytes(static_cast<std::size_t>(count)); !why.empty()) {
            break;
        }
    }
    if (!why.empty()) {
        lose(why, is_clean);
    } else if (answer_count_.load(std::memory_order_relaxed) != before ||
               has_greeted_.load(std::memory_order_relaxed) != had_greeted) {
        pool_.on_answers_received();
    }
}

// Returns what is wrong with the bytes that were put into the reader's space.
std::string StreamWorker::take_bytes(std::size_t count) {
    if (!reader_.filled(count)) {
        return reader_.error();
    }
    while (auto frame = reader_.next()) {
        std::string why = take_frame(*std::move(frame));
        if (!why.empty()) {
            return why;
        }
    }
    return {};
}

std::string StreamWorker::take_frame(Frame frame) {
    const std::span<const char> body = frame.body();
    switch (frame.kind) {
    case FrameKind::hello: return take_hello(frame);
    case FrameKind::refusal: return "refuses: " + std::string(body.begin(), body.end());
    case FrameKind::result:
    case FrameKind::error:
        adjust_batch(AnswerPrefix::decode(body));
        return take_answer_frame(std::move(frame));
    case FrameKind::returned: return take_answer_frame(std::move(frame));
    default: return {}; // a pong: that it has arrived is enough
    }
}

std::string StreamWorker::take_hello(const Frame& frame) {
    const auto hello = Hello::decode(frame.body());
    std::string why = hello ? why_refused(options_.hello, *hello) : "sent a hello without content";
    const std::scoped_lock lock(mutex_);
    if (why.empty()) {
        has_greeted_.store(true, std::memory_order_release);
        if (is_initialised_.load(std::memory_order_relaxed)) {
            most_ahead_.store(options_.calls_ahead, std::memory_order_relaxed);
        }
        write_some();
    } else if (is_hello_sent_ && !is_killed_) {
        OutgoingFrames refusal;
        refusal.add(FrameKind::refusal, 0, std::make_shared<std::string>("the worker " + why));
        bool is_blocked = false;
        static_cast<void>(refusal.send(peer_.socket.fileno(), 1, is_blocked, [](std::uint64_t) {}));
    }
    return why;
}

std::string StreamWorker::take_answer_frame(Frame frame) {
    const std::scoped_lock lock(mutex_);
    if (is_killed_) {
        return {}; // nobody waits for it
    }
    const auto sent = std::ranges::find(sent_, frame.call, &Sent::number);
    const bool is_returned = frame.kind == FrameKind::returned;
    if (sent == sent_.end() || !sent->is_written || (!is_returned && sent != sent_.begin()) ||
        (is_returned && !sent->is_asked_back && sent->cancelled_until == 0)) {
        return "answered call " + std::to_string(frame.call) + ", which it does not run";
    }
    bytes_ahead_ -= sent->body->size();
    const AnswerKind kind = is_returned                       ? AnswerKind::returned
                            : frame.kind == FrameKind::result ? AnswerKind::result
                                                              : AnswerKind::error;
    answered_.push_back({std::move(*sent), kind, std::move(frame)});
    const bool was_oldest = sent == sent_.begin();
    sent_.erase(sent);
    answer_count_.fetch_add(1, std::memory_order_seq_cst);
    if (was_oldest && !sent_.empty() && sent_.front().is_written) {
        note_start();
    }
    return {};
}

// Many short calls at a time save system calls and switches; long ones should stay with the owner,
// who may give them to another worker.
void StreamWorker::adjust_batch(std::uint64_t nanoseconds) noexcept {
    if (!is_initialised_.load(std::memory_order_relaxed)) {
        return; // this is the answer of the initializer
    }
    const auto time = std::max(static_cast<double>(nanoseconds), 1.0);
    mean_time_ = mean_time_ == 0 ? time : 0.8 * mean_time_ + 0.2 * time;
    const double fitting = static_cast<double>(options_.batch_time) / mean_time_;
    const std::size_t largest = std::max(options_.largest_batch, options_.calls_ahead);
    most_ahead_.store(fitting >= static_cast<double>(largest)
                          ? largest
                          : std::max(options_.calls_ahead, static_cast<std::size_t>(fitting)),
                      std::memory_order_relaxed);
}

void StreamWorker::service() noexcept {
    std::error_code error;
    bool has_given_up_connecting = false;
    {
        const std::scoped_lock lock(mutex_);
        write_some();
        error = write_error_;
        has_given_up_connecting = is_killed_ && !peer_.socket.is_open();
    }
    if (has_given_up_connecting && !is_lost_) {
        lose("was ended before it had connected", true);
        return;
    }
    if (error && !is_lost_) {
        receive(std::numeric_limits<std::size_t>::max()); // what it has written before it ended
        if (!is_lost_) {
            lose("takes no more calls: " + error.message(), loses_nothing_);
        }
        return;
    }
    if (!is_lost_ && is_watching()) {
        watch_socket();
        arm_timer();
    }
}

void StreamWorker::watch_socket() noexcept {
    const std::scoped_lock lock(mutex_);
    const std::uint32_t wanted = is_blocked_ ? readable | writable : readable;
    if (interest() != wanted) {
        static_cast<void>(pool_.reactor().poller().change(*this, wanted));
    }
}

} // namespace hocket::engine
