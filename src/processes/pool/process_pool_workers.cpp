// The supervisor of a process pool: starts workers, handles their exits, and ends workers whose
// calls exceed their timeout.

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <pthread.h>

#include <hocket/errors.hpp>

#include "processes/pool/process_pool.hpp"

namespace hocket::detail {

namespace {

constexpr int most_failed_starts = 5;
constexpr engine::Nanoseconds first_back_off = 10'000'000;
constexpr engine::Nanoseconds never = std::numeric_limits<engine::Nanoseconds>::max();

std::string describe_exit(const PoolWorker& worker, int status, std::error_code error) {
    const std::string who = "worker " + std::to_string(worker.number()) + " (process " +
                            std::to_string(worker.pid()) + ") ";
    if (error) {
        return who + "has ended with unknown status: " +
               (worker.is_fork_servers()
                    ? "the forkserver, which alone knows the status, was killed"
                    : "other code has reaped it");
    }
    if (status >= 0) {
        return who + "ended with exit code " + std::to_string(status);
    }
    const char* const name = ::sigabbrev_np(-status);
    return who + "was ended by SIG" + (name != nullptr ? name : std::to_string(-status));
}

} // namespace

/// Calls the initializer in a new worker. Its answer matters only if it is an error.
class InitializerCall final : public RemoteCall {
public:
    InitializerCall(ProcessPool& owner, void (*initializer)(), GatherBuffer& body)
        : RemoteCall(nullptr), owner_(owner) {
        function = pack_call(body, descriptors, initializer);
        is_initializer = true;
    }
    void complete(std::span<const char>, Descriptors&) noexcept override {}
    void fail(std::exception_ptr error) noexcept override { owner_.on_initializer_failed(error); }
    void cancel_future() noexcept override {}
    void release() noexcept override { delete this; }

private:
    ProcessPool& owner_;
};

void ProcessPool::start() {
    supervisor_ = std::thread([pool = shared_from_this()] { pool->supervise(); });
}

void ProcessPool::supervise() {
    supervisor_id_.store(std::this_thread::get_id());
    ::pthread_setname_np(::pthread_self(), "hocket-pool");
    for (;;) {
        reactor_.poll(true);
        reactor_.run_ready();
        dead_.clear();
        const std::scoped_lock lock(lock_);
        if (shut_down_ && waiting_count_ == 0 && workers_.empty() && undeliverable_.empty()) {
            break;
        }
    }
    if (retry_.is_armed()) {
        reactor_.timers().cancel(retry_);
    }
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
}

// Starts workers for the existing calls.
void ProcessPool::start_workers() {
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

void ProcessPool::start_one_worker() {
    try {
        auto worker = std::make_unique<PoolWorker>(
            reactor_.poller(), next_number_++, notifier_region_, eventfd_.fileno(),
            options_.start_method, options_.spin.count(), output_,
            [this](PoolWorker& ended, int status, std::error_code error) {
                on_worker_exit(ended, status, error);
            });
        const std::scoped_lock lock(lock_);
        if (options_.initializer != nullptr) {
            GatherBuffer body;
            auto* const call = new InitializerCall(*this, options_.initializer, body);
            static_cast<void>(worker->send(*call, body)); // the ring is empty
            worker->wake();
        }
        if (options_.max_tasks_per_child > 0) {
            worker->limit_calls(options_.max_tasks_per_child);
        }
        workers_.push_back(std::move(worker));
        feed(*workers_.back());
        dispatch();
        publish_status();
    } catch (const std::exception& error) {
        count_failed_start(error.what());
    }
}

void ProcessPool::count_failed_start(const std::string& why) {
    Failures failures;
    // Only failures in a row count: a worker that has become ready since the last one resets the
    // counter.
    for (const auto& worker : workers_) {
        if (worker->became_ready()) {
            failed_starts_ = 0;
        }
    }
    if (++failed_starts_ < most_failed_starts) {
        if (!retry_.is_armed()) {
            reactor_.timers().arm(retry_, engine::Reactor::now() +
                                              (first_back_off << (failed_starts_ - 1)));
        }
    } else {
        const std::scoped_lock lock(lock_);
        break_pool(std::make_exception_ptr(BrokenExecutor(
                       "the process pool is broken: " + std::to_string(most_failed_starts) +
                       " workers in a row could not be started; the last one: " + why)),
                   failures);
    }
    fail_all(failures);
}

void ProcessPool::fail_undeliverable() {
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        failures.swap(undeliverable_);
    }
    fail_all(failures);
}

void ProcessPool::fail_all(const Failures& failures) {
    for (const auto& [call, error] : failures) {
        call->fail(error);
        call->release();
    }
    wake_collector();
}

void ProcessPool::on_worker_exit(PoolWorker& worker, int status, std::error_code error) {
    // From here until its entry is removed from workers_, no other thread takes its answers.
    collector_.enter(notifier_.eventcount);
    collect_from(worker);
    const std::string words = worker.last_words();
    std::string what = describe_exit(worker, status, error);
    if (!words.empty()) {
        what += "; its last output: " + words;
    }
    bool failed_start = !worker.is_ready();
    if (worker.became_ready()) {
        failed_starts_ = 0;
    }
    RemoteCall* victim = nullptr;
    {
        const std::scoped_lock lock(lock_);
        if (const PoolWorker::Sent* front = worker.oldest();
            front != nullptr && worker.is_started(*front)) {
            victim = front->call;
        }
        std::vector<RemoteCall*> unstarted = worker.take_back(PoolWorker::unlimited);
        std::erase_if(unstarted, [](RemoteCall* call) {
            if (call->is_initializer) {
                call->release();
                return true;
            }
            return false;
        });
        put_back(unstarted);
        if (victim != nullptr) {
            victim->state_ = RemoteCall::State::left;
            failed_start |= victim->is_initializer;
        }
        const auto entry = std::ranges::find(workers_, &worker, &std::unique_ptr<PoolWorker>::get);
        dead_.push_back(std::move(*entry));
        workers_.erase(entry);
        if (!worker.is_ending()) {
            engine::add(status_->died, 1);
        }
        dispatch();
        publish_status();
    }
    collector_.leave();
    if (victim != nullptr) {
        if (!victim->is_initializer) {
            victim->fail(std::make_exception_ptr(
                WorkerDied(what + ", while running " +
                               (victim->name.empty() ? "this call" : "'" + victim->name + "'"),
                           worker.pid(), status, words)));
        }
        victim->release();
    }
    if (failed_start) {
        count_failed_start(what);
    }
    wake_collector();
    start_workers();
}

void ProcessPool::on_initializer_failed(const std::exception_ptr& error) {
    std::string why = "its initializer threw";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        why += std::string(": ") + e.what();
    } catch (...) {
    }
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        break_pool(std::make_exception_ptr(BrokenExecutor("the process pool is broken: " + why)),
                   failures);
    }
    fail_all(failures);
}

// Fails all waiting and running calls with this error, and ends the workers.
void ProcessPool::break_pool(const std::exception_ptr& why, Failures& failures) {
    broken_ = why;
    std::vector<RemoteCall*> calls;
    take_all_waiting(calls);
    for (const auto& worker : workers_) {
        std::ranges::move(worker->take_back(PoolWorker::unlimited), std::back_inserter(calls));
        if (const PoolWorker::Sent* front = worker->oldest();
            front != nullptr && front->call != nullptr && !front->call->is_initializer) {
            front->call->state_ = RemoteCall::State::left;
            calls.push_back(front->call);
            worker->give_up(*front->call);
        }
        worker->kill();
    }
    for (RemoteCall* const call : calls) {
        failures.emplace_back(call, why);
    }
}

// First takes back the worker's other calls, so that they do not fail when it is ended.
bool ProcessPool::end_worker_of(RemoteCall& call) {
    PoolWorker& worker = *call.worker_;
    put_back(worker.take_back(PoolWorker::unlimited));
    const PoolWorker::Sent* const front = worker.oldest();
    const bool runs = front != nullptr && front->call == &call && !worker.has_answer();
    if (runs) {
        worker.give_up(call);
        call.worker_ = nullptr;
        call.state_ = RemoteCall::State::left;
        worker.kill();
    }
    dispatch();
    starting_.request();
    return runs;
}

void ProcessPool::check_deadlines() {
    Failures late;
    const engine::Nanoseconds now = engine::Reactor::now();
    engine::Nanoseconds next = never;
    {
        const std::scoped_lock lock(lock_);
        if (!has_timeouts_) {
            return;
        }
        for (const auto& worker : workers_) {
            const PoolWorker::Sent* const front = worker->oldest();
            RemoteCall* const call = front != nullptr ? front->call : nullptr;
            if (call != nullptr && call->timeout > 0 && worker->is_started(*front)) {
                const engine::Nanoseconds due = worker->started_at() + call->timeout;
                if (due > now) {
                    next = std::min(next, due);
                } else if (end_worker_of(*call)) {
                    late.emplace_back(call, std::make_exception_ptr(TimeoutError(
                                                "the call ran for longer than its timeout of " +
                                                std::to_string(call->timeout / 1'000'000) +
                                                " ms; its worker was ended")));
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

} // namespace hocket::detail
