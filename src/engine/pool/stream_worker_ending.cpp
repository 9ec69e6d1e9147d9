// The deadlines of a worker behind a stream, and its end.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <limits>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/format_seconds.hpp"
#include "engine/pool/stream_worker.hpp"
#include "engine/process_exit.hpp"

namespace hocket::engine {

namespace {

constexpr std::int64_t time_to_exit = 1'000'000'000;

std::string after(std::int64_t nanoseconds) {
    return format_seconds(std::chrono::nanoseconds(nanoseconds));
}

} // namespace

void StreamWorker::arm_timer() {
    std::int64_t due = std::numeric_limits<std::int64_t>::max();
    if (!has_greeted_.load(std::memory_order_relaxed)) {
        due = hello_due_;
    } else if (options_.silence_limit > 0) {
        due = std::max(last_heard_, asked_at_) + options_.silence_limit / 4;
    }
    {
        const std::scoped_lock lock(mutex_);
        for (const Sent& sent : sent_) {
            due = sent.cancelled_until != 0 ? std::min(due, sent.cancelled_until) : due;
        }
    }
    if (is_armed()) {
        pool_.reactor().timers().cancel(*this);
    }
    if (due != std::numeric_limits<std::int64_t>::max()) {
        pool_.reactor().timers().arm(*this, due);
    }
}

void StreamWorker::expire() noexcept {
    const std::int64_t now = Reactor::now();
    if (is_lost_) {
        if (child_.is_started()) {
            kill_child();
        } else {
            report_end(); // nobody has said how its process has ended
        }
        return;
    }
    if (!has_greeted_.load(std::memory_order_relaxed)) {
        if (now >= hello_due_) {
            lose(
                (peer_.socket.is_open() ? "did not say hello within " : "did not connect within ") +
                    after(options_.hello_timeout),
                true);
            return;
        }
    } else if (options_.silence_limit > 0 && now - last_heard_ >= options_.silence_limit) {
        lose("has sent nothing for " + after(options_.silence_limit), false);
        return;
    }
    bool is_stuck = false;
    {
        const std::scoped_lock lock(mutex_);
        is_stuck = std::ranges::any_of(sent_, [&](const Sent& sent) {
            return sent.cancelled_until != 0 && sent.cancelled_until <= now;
        });
        if (has_greeted_.load(std::memory_order_relaxed) && options_.silence_limit > 0 &&
            now - last_heard_ >= options_.silence_limit / 4) {
            asked_at_ = now;
            outgoing_.add(FrameKind::ping);
            write_some();
        }
    }
    if (is_stuck) {
        lose("did not end a call that was cancelled", true);
        return;
    }
    arm_timer();
}

// No more frames are sent or received.
void StreamWorker::lose(const std::string& why, bool is_clean) noexcept {
    is_lost_ = true;
    end_text_ = why;
    pool_.reactor().poller().remove(*this);
    if (is_armed()) {
        pool_.reactor().timers().cancel(*this);
    }
    most_ahead_.store(0, std::memory_order_relaxed);
    bool is_expected = false;
    {
        const std::scoped_lock lock(mutex_);
        is_expected = is_killed_ || is_stopped_;
        is_killed_ = true;
        may_have_run_all_ = !is_clean;
        ::shutdown(peer_.socket.fileno(), SHUT_RDWR);
    }
    const bool will_be_told = peer_.on_end && !is_process_ended_ && ended_itself_ && !is_expected;
    if (!child_.is_started() && !will_be_told) {
        report_end();
    } else if (ended_itself_) {
        pool_.reactor().timers().arm(*this, Reactor::now() + time_to_exit);
    } else {
        kill_child();
    }
}

void StreamWorker::kill_child() noexcept {
    ::syscall(SYS_pidfd_send_signal, peer_.pidfd.fileno(), SIGKILL, nullptr, 0);
}

void StreamWorker::on_child_exit(int status, std::error_code error) noexcept {
    process_status_ = error ? ProcessExit::unknown : status;
    if (!is_lost_) {
        receive(std::numeric_limits<std::size_t>::max());
        if (!is_lost_) { // a process that it has started still has its socket
            ended_itself_ = true;
            lose("has ended", true);
        }
        return; // `lose` has reported it: the child is not watched any more
    }
    report_end();
}

// What it has sent before may still be on its way: its stream says when it has ended.
void StreamWorker::on_process_ended(int status, std::string last_words) noexcept {
    process_status_ = status;
    is_process_ended_ = true;
    last_words_ = std::move(last_words);
    if (is_lost_) {
        if (is_armed()) { // `lose` has waited for this
            report_end();
        }
    } else if (!peer_.socket.is_open()) {
        ended_itself_ = true;
        lose("has ended", true);
    }
}

void StreamWorker::give_up(const std::string& why) noexcept {
    if (!is_lost_ && peer_.socket.is_open()) {
        receive(std::numeric_limits<std::size_t>::max());
    }
    if (!is_lost_) {
        lose(why, false);
    } else if (is_armed() && !child_.is_started()) {
        end_text_ = why;
        report_end();
    }
}

void StreamWorker::report_end() noexcept {
    if (is_armed()) { // or it would be reported again in this turn
        pool_.reactor().timers().cancel(*this);
    }
    WorkerEnd end{describe() + " ", peer_.pid, process_status_, std::move(last_words_)};
    const bool is_status_known = peer_.on_end ? is_process_ended_ : peer_.pid != 0;
    end.text +=
        is_status_known && ended_itself_ ? describe_exit_status(process_status_) : end_text_;
    if (peer_.on_end) {
        peer_.on_end();
    }
    pool_.on_worker_ended(*this, std::move(end));
}

std::string StreamWorker::describe() const {
    std::string text = "worker " + std::to_string(number());
    if (!peer_.name.empty()) {
        text += " " + peer_.name;
    }
    return peer_.pid != 0 ? text + " (process " + std::to_string(peer_.pid) + ")" : text;
}

} // namespace hocket::engine
