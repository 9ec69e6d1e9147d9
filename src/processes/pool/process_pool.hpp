#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <hocket/process_pool_executor.hpp>

#include "engine/reactor.hpp"
#include "engine/status.hpp"
#include "processes/pool/answer_collector.hpp"
#include "processes/pool/pool_worker.hpp"
#include "processes/pool/supervisor_jobs.hpp"

namespace hocket::detail {

/// The state of a ProcessPoolExecutor: waiting calls, workers that have some, and one thread, the
/// supervisor, which starts workers, handles their exits and takes their answers.
///
///     submit ──> waiting_ ──> a worker's ring ──> its answer ──> the future
///                   ^                │
///                   └── taken back ──┘   (its worker died, or another one is idle)
class ProcessPool final : public std::enable_shared_from_this<ProcessPool>,
                          private engine::Watcher {
public:
    ProcessPool(std::size_t max_workers, ProcessPoolOptions options);
    ~ProcessPool();

    void start();
    /// Takes over a reference to `call`. May be called on any thread.
    void submit(RemoteCall& call, const GatherBuffer& body);
    /// Withdraws a call; returns false if it is done. If it is running, its worker is ended. May be
    /// called on any thread.
    bool withdraw(RemoteCall& call) noexcept;
    [[nodiscard]] bool is_started(const RemoteCall& call) noexcept;
    /// RemoteCall::collect_until_done.
    bool collect_until_done(const FutureStateBase& future) noexcept;
    /// A future was completed in another way than by an answer: wakes the thread that waits for it
    /// and collects.
    void wake_collector() noexcept { notifier_.eventcount.notify_all(); }
    void shutdown(const ShutdownOptions& options);
    void kill_workers();
    [[nodiscard]] std::size_t max_workers() const noexcept { return max_workers_; }
    [[nodiscard]] const engine::PoolStatus& status() const noexcept { return *status_; }

private:
    using Job = SupervisorJob<ProcessPool>;
    using Failures = std::vector<std::pair<RemoteCall*, std::exception_ptr>>;

    // For the collector.
    void collect();
    void collect_from(PoolWorker& worker);
    void wait_for_answer(const FutureStateBase& future) noexcept;
    [[nodiscard]] bool has_answer() noexcept;
    void call_supervisor_if_answered() noexcept;

    // For the supervisor.
    void supervise();
    void on_ready(std::uint32_t events) noexcept override; // an answer, while it slept
    void on_answers();
    void start_workers();
    void on_worker_exit(PoolWorker& worker, int status, std::error_code error);
    void check_deadlines();
    void fail_all(const Failures& failures);
    void fail_undeliverable();
    void before_sleep() noexcept;
    void start_one_worker();
    void count_failed_start(const std::string& why);

    // Call these with lock_ held.
    void dispatch();
    void put_back(const std::vector<RemoteCall*>& calls);
    void feed(PoolWorker& idle);
    [[nodiscard]] PoolWorker* least_busy() noexcept;
    [[nodiscard]] std::size_t prefetch() const noexcept;
    void wait_in_queue(RemoteCall& call, bool first);
    [[nodiscard]] RemoteCall* next_waiting();
    void drop_next_waiting();
    [[nodiscard]] bool end_worker_of(RemoteCall& call);
    void break_pool(const std::exception_ptr& why, Failures& failures);
    void take_all_waiting(std::vector<RemoteCall*>& calls);
    [[nodiscard]] std::size_t wanted_workers() const noexcept;
    [[nodiscard]] std::size_t live_workers() const noexcept;
    void publish_status() noexcept;

    void on_initializer_failed(const std::exception_ptr& error);
    friend class InitializerCall;

    const engine::OwnPoolStatus status_{engine::PoolStatus::processes};
    const std::size_t max_workers_;
    const ProcessPoolOptions options_;
    OutputSink output_;
    engine::MemoryMapping notifier_region_;
    engine::ReplyNotifier& notifier_;
    engine::FileDescriptor eventfd_;

    std::mutex lock_; // guards everything down to broken_
    std::map<int, std::deque<RemoteCall*>, std::greater<>> waiting_; // by priority
    std::size_t waiting_count_ = 0;
    std::vector<std::unique_ptr<PoolWorker>> workers_;
    bool has_priorities_ = false;
    bool has_timeouts_ = false;
    bool shut_down_ = false;
    Failures undeliverable_;
    std::exception_ptr broken_;

    // Used by the supervisor only.
    engine::Reactor reactor_;
    std::vector<std::unique_ptr<PoolWorker>> dead_; // until the end of the turn
    int next_number_ = 1;
    int failed_starts_ = 0;
    std::atomic<bool> supervisor_sleeps_{false};
    std::atomic<bool> has_direct_collector_{false}; // a thread waiting for a result collects
    AnswerCollector collector_;
    std::vector<PoolWorker*> collected_; // used by the collector
    Job starting_{reactor_, *this, &ProcessPool::start_workers};
    Job deadlines_{reactor_, *this, &ProcessPool::check_deadlines};
    Job undelivered_{reactor_, *this, &ProcessPool::fail_undeliverable};
    SupervisorTimer<ProcessPool> retry_{*this, &ProcessPool::start_workers};
    SupervisorTimer<ProcessPool> deadline_{*this, &ProcessPool::check_deadlines};
    std::mutex join_lock_;
    std::thread supervisor_;
    std::atomic<std::thread::id> supervisor_id_{};
};

} // namespace hocket::detail
