// The supervisor of a pool: starts workers, handles their ends, and ends workers whose calls exceed
// their timeout.

#include <algorithm>
#include <exception>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include <pthread.h>

#include "engine/pool/pool_core.hpp"

namespace hocket::engine {

namespace {

constexpr int most_failed_starts = 5;
constexpr Nanoseconds first_back_off = 10'000'000;
constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

} // namespace

void PoolCore::start(std::shared_ptr<void> owner) {
    supervisor_ = std::thread([this, owner = std::move(owner)] { supervise(); });
}

void PoolCore::supervise() {
    supervisor_id_.store(std::this_thread::get_id());
    ::pthread_setname_np(::pthread_self(), "hocket-pool");
    for (;;) {
        reactor_.poll(true);
        reactor_.run_ready();
        dead_.clear();
        const std::scoped_lock lock(lock_);
        if (shut_down_ && waiting_.empty() && workers_.empty() && undeliverable_.empty() &&
            returned_.empty()) {
            break;
        }
    }
    if (retry_.is_armed()) {
        reactor_.timers().cancel(retry_);
    }
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
    starter_.end();
}

// Starts workers for the existing calls.
void PoolCore::start_workers() {
    for (;;) {
        {
            const std::scoped_lock lock(lock_);
            if (retry_.is_armed() || live_workers() >= wanted_workers()) {
                return;
            }
        }
        start_one_worker();
    }
}

void PoolCore::start_one_worker() {
    try {
        auto worker = starter_.start_worker(*this, next_number_++);
        const std::scoped_lock lock(lock_);
        make_first_call(*worker);
        if (options_.max_calls_per_worker > 0) {
            worker->limit_calls(options_.max_calls_per_worker);
        }
        workers_.push_back(std::move(worker));
        feed(*workers_.back());
        dispatch();
        publish_status();
    } catch (const std::exception& error) {
        count_failed_start(error.what());
    }
}

void PoolCore::make_first_call(PoolWorker& worker) {
    std::string body;
    if (PoolCall* const call = starter_.make_first_call(body)) {
        call->is_initializer = true;
        std::optional<PoolFailure> why;
        static_cast<void>(worker.send(*call, CallBody(body), why)); // there is room
        worker.wake();
        worker.flush();
    }
}

void PoolCore::count_failed_start(const std::string& why) {
    // Only failures in a row count: a worker that has become ready since the last one resets the
    // counter.
    for (const auto& worker : workers_) {
        if (worker->became_ready()) {
            failed_starts_ = 0;
        }
    }
    if (++failed_starts_ < most_failed_starts) {
        if (!retry_.is_armed()) {
            reactor_.timers().arm(retry_,
                                  Reactor::now() + (first_back_off << (failed_starts_ - 1)));
        }
    } else {
        break_down({PoolFailure::Code::broken,
                    "the process pool is broken: " + std::to_string(most_failed_starts) +
                        " workers in a row could not be started; the last one: " + why});
    }
}

void PoolCore::fail_undeliverable() {
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        failures.swap(undeliverable_);
    }
    fail_all(failures);
}

void PoolCore::fail_all(const Failures& failures) {
    for (const auto& [call, failure] : failures) {
        call->fail(failure);
        call->release();
    }
    wake_collector();
}

void PoolCore::service_workers() {
    std::vector<PoolWorker*> served;
    {
        const std::scoped_lock lock(lock_);
        for (const auto& worker : workers_) {
            served.push_back(worker.get());
        }
    }
    // Only this thread destroys workers, and not within its turn.
    for (PoolWorker* const worker : served) {
        worker->service();
    }
}

void PoolCore::on_worker_ended(PoolWorker& worker, WorkerEnd end) {
    // From here until its entry is removed from workers_, no other thread takes its answers.
    collector_.enter(notifier_.eventcount);
    collect_from(worker);
    if (!end.last_words.empty()) {
        end.text += "; its last output: " + end.last_words;
    }
    bool failed_start = !worker.is_ready();
    if (worker.became_ready()) {
        failed_starts_ = 0;
    }
    PoolWorker::Calls victims;
    {
        const std::scoped_lock lock(lock_);
        auto [ran, not_started] = worker.take_remains();
        put_back(not_started);
        victims = std::move(ran);
        for (const PoolCall* call : victims) {
            failed_start |= call->is_initializer;
        }
        const auto entry = std::ranges::find(workers_, &worker, &std::unique_ptr<PoolWorker>::get);
        dead_.push_back(std::move(*entry));
        workers_.erase(entry);
        if (!worker.is_ending()) {
            add(status_->died, 1);
        }
        dispatch();
        publish_status();
    }
    collector_.leave();
    for (PoolCall* const call : victims) {
        if (!call->is_initializer) {
            call->fail({PoolFailure::Code::worker_died,
                        end.text + ", while running " +
                            (call->name.empty() ? "this call" : "'" + call->name + "'"),
                        {},
                        end.pid,
                        end.status,
                        end.last_words});
        }
        call->release();
    }
    if (failed_start) {
        count_failed_start(end.text);
    }
    wake_collector();
    start_workers();
}

void PoolCore::break_down(PoolFailure why) {
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        break_pool(why, failures);
    }
    fail_all(failures);
}

void PoolCore::break_pool(const PoolFailure& why, Failures& failures) {
    broken_ = why;
    PoolWorker::Calls calls;
    waiting_.take_all(calls);
    for (const auto& worker : workers_) {
        worker->kill();
        auto [ran, not_started] = worker->take_remains();
        std::ranges::move(ran, std::back_inserter(calls));
        std::ranges::move(not_started, std::back_inserter(calls));
    }
    for (PoolCall* const call : calls) {
        if (call->is_initializer) {
            call->release();
        } else {
            failures.emplace_back(call, why);
        }
    }
}

void PoolCore::check_deadlines() {
    Failures late;
    const Nanoseconds now = Reactor::now();
    Nanoseconds next = never;
    {
        const std::scoped_lock lock(lock_);
        if (!has_timeouts_) {
            return;
        }
        for (const auto& worker : workers_) {
            PoolCall* const call = worker->running();
            if (call != nullptr && call->timeout > 0) {
                const Nanoseconds due = worker->started_at() + call->timeout;
                if (due > now) {
                    next = std::min(next, due);
                } else if (end_worker_of(*call)) {
                    late.emplace_back(call,
                                      PoolFailure{PoolFailure::Code::timed_out,
                                                  "the call ran for longer than its timeout of " +
                                                      std::to_string(call->timeout / 1'000'000) +
                                                      " ms; its worker was ended"});
                }
            }
            // A call that was not started cannot exceed its timeout before this time.
            if (const std::int64_t shortest = worker->shortest_timeout(); shortest < never - now) {
                next = std::min(next, now + shortest);
            }
        }
    }
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
    if (next != never) {
        reactor_.timers().arm(deadline_, next);
    }
    fail_all(late);
}

} // namespace hocket::engine
