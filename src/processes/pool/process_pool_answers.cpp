// The answers of a process pool: which thread takes them, and how they become results.

#include <algorithm>

#include <unistd.h>

#include "engine/cpu_relax.hpp"
#include "engine/trace.hpp"
#include "processes/calls/remote_exception.hpp"
#include "processes/pool/process_pool.hpp"

namespace hocket::detail {

void ProcessPool::on_ready(std::uint32_t) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(eventfd_.fileno(), &count, sizeof count);
    on_answers();
}

// Either the supervisor sees that nobody else collects any more, or the leaving collector sees the
// supervisor asleep. In both cases one of them checks the workers for answers.
void ProcessPool::before_sleep() noexcept {
    supervisor_sleeps_.store(true, std::memory_order_seq_cst);
    if (!has_direct_collector_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
}

// If an answer arrives from now on, its worker finds the supervisor asleep and writes to the
// eventfd. For earlier answers, this function does so.
void ProcessPool::call_supervisor_if_answered() noexcept {
    notifier_.loop_sleeps.store(1, std::memory_order_seq_cst);
    if (has_answer() && notifier_.loop_sleeps.exchange(0, std::memory_order_seq_cst) != 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(eventfd_.fileno(), &one, sizeof one);
    }
}

bool ProcessPool::has_answer() noexcept {
    const std::scoped_lock lock(lock_);
    return std::ranges::any_of(workers_, [](const auto& worker) { return worker->has_answer(); });
}

bool ProcessPool::collect_until_done(const FutureStateBase& future) noexcept {
    if (!collector_.try_enter()) {
        return false;
    }
    has_direct_collector_.store(true, std::memory_order_seq_cst);
    notifier_.loop_sleeps.store(0, std::memory_order_relaxed);
    for (;;) {
        collect();
        if (future.done() || collector_.is_wanted()) {
            break;
        }
        wait_for_answer(future);
    }
    has_direct_collector_.store(false, std::memory_order_seq_cst);
    collector_.leave();
    if (supervisor_sleeps_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
    return future.done();
}

void ProcessPool::wait_for_answer(const FutureStateBase& future) noexcept {
    const auto is_over = [&] { return has_answer() || future.done() || collector_.is_wanted(); };
    if (options_.spin.count() > 0) {
        const engine::Nanoseconds until = engine::Reactor::now() + options_.spin.count();
        do {
            for (int i = 0; i < 64; ++i) {
                engine::cpu_relax();
                if (std::ranges::any_of(collected_, [](auto* w) { return w->has_answer(); })) {
                    return;
                }
            }
        } while (engine::Reactor::now() < until);
    }
    std::this_thread::yield(); // lets a worker on the same processor run
    if (!is_over()) {
        notifier_.eventcount.wait(-1, is_over);
    }
}

void ProcessPool::on_answers() {
    if (collector_.try_enter()) {
        collect();
        collector_.leave();
    }
    check_deadlines();
}

void ProcessPool::collect() {
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

void ProcessPool::collect_from(PoolWorker& worker) {
    while (worker.has_answer()) {
        PoolWorker::Answer answer = [&] {
            const std::scoped_lock lock(lock_);
            PoolWorker::Answer taken = worker.take_answer();
            engine::add(status_->completed, 1);
            publish_status();
            return taken;
        }();
        if (answer.call != nullptr) {
            engine::trace(engine::TraceKind::completed,
                          reinterpret_cast<std::uintptr_t>(answer.call));
            if (answer.lost) {
                answer.call->fail(answer.lost);
            } else if (answer.is_exception) {
                msgpack::zone zone;
                const DescriptorScope scope(answer.descriptors);
                answer.call->fail(unpack_exception(unpack_object(zone, answer.body)));
            } else {
                answer.call->complete(answer.body, answer.descriptors);
            }
            answer.call->release();
        }
        worker.answer_taken();
    }
}

} // namespace hocket::detail
