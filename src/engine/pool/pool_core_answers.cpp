// The answers of a pool's workers: which thread takes them, and how they become results.

#include <algorithm>

#include <unistd.h>

#include "engine/cpu_relax.hpp"
#include "engine/pool/pool_core.hpp"
#include "engine/trace.hpp"

namespace hocket::engine {

void PoolCore::on_ready(std::uint32_t) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(eventfd_.fileno(), &count, sizeof count);
    on_answers();
}

// Either the supervisor sees that nobody else collects any more, or the leaving collector sees the
// supervisor asleep. In both cases one of them checks the workers for answers.
void PoolCore::before_sleep() noexcept {
    supervisor_sleeps_.store(true, std::memory_order_seq_cst);
    if (!has_direct_collector_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
}

// If an answer arrives from now on, its worker finds the supervisor asleep and writes to the
// eventfd. For earlier answers, this function does so.
void PoolCore::call_supervisor_if_answered() noexcept {
    notifier_.loop_sleeps.store(1, std::memory_order_seq_cst);
    if (has_answer() && notifier_.loop_sleeps.exchange(0, std::memory_order_seq_cst) != 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(eventfd_.fileno(), &one, sizeof one);
    }
}

bool PoolCore::has_answer() noexcept {
    const std::scoped_lock lock(lock_);
    return std::ranges::any_of(workers_, [](const auto& worker) { return worker->has_answer(); });
}

bool PoolCore::collect_until(Condition condition) noexcept {
    if (!collector_.try_enter()) {
        return false;
    }
    has_direct_collector_.store(true, std::memory_order_seq_cst);
    notifier_.loop_sleeps.store(0, std::memory_order_relaxed);
    for (;;) {
        collect();
        if (condition() || collector_.is_wanted()) {
            break;
        }
        wait_for_answer(condition);
    }
    has_direct_collector_.store(false, std::memory_order_seq_cst);
    collector_.leave();
    if (supervisor_sleeps_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
    return condition();
}

void PoolCore::wait_for_answer(Condition condition) noexcept {
    const auto is_over = [&] { return has_answer() || condition() || collector_.is_wanted(); };
    if (options_.spin > 0) {
        const Nanoseconds until = Reactor::now() + options_.spin;
        do {
            for (int i = 0; i < 64; ++i) {
                cpu_relax();
                if (std::ranges::any_of(collected_, [](auto* w) { return w->has_answer(); })) {
                    return;
                }
            }
        } while (Reactor::now() < until);
    }
    std::this_thread::yield(); // lets a worker on the same processor run
    if (!is_over()) {
        notifier_.eventcount.wait(-1, is_over);
    }
}

void PoolCore::on_answers() {
    if (collector_.try_enter()) {
        collect();
        collector_.leave();
    }
    check_deadlines();
}

// If another thread collects, it may be asleep, and does not notice that a worker accepts calls
// now.
void PoolCore::on_answers_received() {
    {
        const std::scoped_lock lock(lock_);
        dispatch();
    }
    wake_collector();
    on_answers();
}

void PoolCore::collect() {
    {
        const std::scoped_lock lock(lock_);
        collected_.clear();
        for (const auto& worker : workers_) {
            collected_.push_back(worker.get());
        }
    }
    for (PoolWorker* const worker : collected_) {
        collect_from(*worker);
    }
    const std::scoped_lock lock(lock_);
    for (const auto& worker : workers_) {
        if (worker->outstanding() == 0) {
            feed(*worker);
        }
    }
    dispatch();
}

void PoolCore::collect_from(PoolWorker& worker) {
    while (worker.has_answer()) {
        PoolWorker::Answer answer = [&] {
            const std::scoped_lock lock(lock_);
            PoolWorker::Answer taken = worker.take_answer();
            if (taken.kind != PoolWorker::AnswerKind::returned) {
                add(status_->completed, 1);
            } else if (taken.call != nullptr && cancels_) {
                returned_.push_back(taken.call);
                cancelling_.request();
            } else if (taken.call != nullptr) {
                put_back({taken.call});
            }
            publish_status();
            return taken;
        }();
        if (answer.call != nullptr && answer.kind != PoolWorker::AnswerKind::returned) {
            complete(answer);
        }
        worker.answer_taken();
    }
}

void PoolCore::complete(PoolWorker::Answer& answer) {
    trace(TraceKind::completed, reinterpret_cast<std::uintptr_t>(answer.call));
    switch (answer.kind) {
    case PoolWorker::AnswerKind::result:
        answer.call->complete(answer.body, answer.descriptors);
        break;
    case PoolWorker::AnswerKind::error:
        answer.call->complete_with_error(answer.body, answer.descriptors);
        break;
    case PoolWorker::AnswerKind::lost: answer.call->fail(*answer.why_lost); break;
    case PoolWorker::AnswerKind::returned: return;
    }
    answer.call->release();
}

void PoolCore::cancel_returned() {
    PoolWorker::Calls calls;
    {
        const std::scoped_lock lock(lock_);
        calls.swap(returned_);
    }
    cancel_all(calls);
}

} // namespace hocket::engine
