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
#include "processes/pool/pool_worker.hpp"

namespace hocket::detail {

/// The state of a ProcessPoolExecutor: waiting calls, workers that have some, and one thread, the
/// supervisor, which starts workers, handles their exits and takes their answers.
///
///     submit ──> waiting_ ──> a worker's ring ──> its answer ──> the future
///                   ^                │
///                   └── taken back ──┘   (its worker died, or another one is idle)
class ProcessPool : public std::enable_shared_from_this<ProcessPool> {
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

private:
    /// Something for the supervisor to do. It may be requested any number of times.
    class Errand final : public engine::Runnable {
    public:
        Errand(ProcessPool& pool, void (ProcessPool::*what)()) : pool_(pool), what_(what) {}
        void ask() noexcept {
            if (!asked_.exchange(true)) {
                pool_.reactor_.post(*this);
            }
        }

    private:
        void run() noexcept override {
            asked_.store(false);
            (pool_.*what_)();
        }
        ProcessPool& pool_;
        void (ProcessPool::*what_)();
        std::atomic<bool> asked_{false};
    };
    class PoolTimer final : public engine::Timer {
    public:
        PoolTimer(ProcessPool& pool, void (ProcessPool::*what)()) : pool_(pool), what_(what) {}

    private:
        void expire() noexcept override { (pool_.*what_)(); }
        ProcessPool& pool_;
        void (ProcessPool::*what_)();
    };
    class AnswerWatch final : public engine::Watcher {
    public:
        explicit AnswerWatch(ProcessPool& pool) : pool_(pool) {}

    private:
        void on_ready(std::uint32_t events) noexcept override;
        ProcessPool& pool_;
    };
    /// The right to take the workers' answers. One thread has it at a time: a thread that is
    /// waiting for a result, or else the supervisor. A waiting thread that collects itself saves
    /// the detour through the supervisor.
    class Collector {
    public:
        [[nodiscard]] bool try_enter() noexcept {
            if (busy_.exchange(true, std::memory_order_acquire)) {
                return false;
            }
            who_.store(std::this_thread::get_id(), std::memory_order_relaxed);
            return true;
        }
        /// Waits until the current collector has left; `is_wanted` asks it to do so.
        void enter(engine::SharedEventcount& eventcount) noexcept;
        void leave() noexcept;
        [[nodiscard]] bool is_wanted() const noexcept {
            return wanted_.load(std::memory_order_seq_cst);
        }
        [[nodiscard]] bool is_this_thread() const noexcept {
            return who_.load(std::memory_order_relaxed) == std::this_thread::get_id();
        }

    private:
        std::atomic<bool> busy_{false};
        std::atomic<bool> wanted_{false};
        std::atomic<std::thread::id> who_{};
    };
    using Failures = std::vector<std::pair<RemoteCall*, std::exception_ptr>>;

    // For the collector.
    void collect();
    void collect_from(PoolWorker& worker);
    void wait_for_answer(const FutureStateBase& future) noexcept;
    [[nodiscard]] bool has_answer() noexcept;
    void call_supervisor_if_answered() noexcept;

    // For the supervisor.
    void supervise();
    void on_answers();
    void staff();
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

    void on_initializer_failed(const std::exception_ptr& error);
    friend class InitializerCall;

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
    Collector collector_;
    std::vector<PoolWorker*> collected_; // used by the collector
    Errand staffing_{*this, &ProcessPool::staff};
    Errand deadlines_{*this, &ProcessPool::check_deadlines};
    Errand undelivered_{*this, &ProcessPool::fail_undeliverable};
    PoolTimer retry_{*this, &ProcessPool::staff};
    PoolTimer deadline_{*this, &ProcessPool::check_deadlines};
    AnswerWatch answer_watch_{*this};
    std::mutex join_lock_;
    std::thread supervisor_;
    std::atomic<std::thread::id> supervisor_id_{};
};

} // namespace hocket::detail
