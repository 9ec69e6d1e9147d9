#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/engine/pool_call.hpp>

#include "engine/memory_mapping.hpp"
#include "engine/pool/answer_collector.hpp"
#include "engine/pool/call_queue.hpp"
#include "engine/pool/frame_memory.hpp"
#include "engine/pool/pool_worker.hpp"
#include "engine/pool/supervisor_jobs.hpp"
#include "engine/pool/worker_starter.hpp"
#include "engine/reactor.hpp"
#include "engine/status.hpp"
#include "engine/worker_link.hpp"

namespace hocket::engine {

struct PoolCoreOptions {
    std::size_t max_workers = 1;
    std::size_t max_calls_per_worker = 0; // 0: no limit
    std::int64_t spin = 0; // nanoseconds for which a waiting caller busy-polls before it sleeps
};

/// A pool of workers, whatever they are and whatever carries the calls: waiting calls, workers that
/// have some, and one thread, the supervisor, which starts workers, handles their ends and takes
/// their answers.
///
///     submit ──> queue ──> a worker ──> its answer ──> the call
///                  ^          │
///                  └──────────┘  taken back (its worker died, or another one is idle)
///
/// Functions may be called on any thread, unless they say otherwise.
class PoolCore final : private Watcher {
public:
    /// Throws std::system_error.
    PoolCore(const PoolCoreOptions& options, WorkerStarter& starter);
    ~PoolCore();

    /// Starts the supervisor, which holds `owner`, of which this is a part.
    void start(std::shared_ptr<void> owner);
    /// Takes over a reference to `call`, unless it returns a failure or throws.
    [[nodiscard]] std::optional<PoolFailure> submit(PoolCall& call, ByteRanges body);
    /// Withdraws a call; returns false if it is done. If it is running, its worker is ended.
    bool withdraw(PoolCall& call) noexcept;
    [[nodiscard]] bool is_started(const PoolCall& call) noexcept;

    /// What a thread waits for.
    struct Condition {
        bool (*holds)(const void* subject) noexcept;
        const void* subject;
        [[nodiscard]] bool operator()() const noexcept { return holds(subject); }
    };
    /// Takes the workers' answers on this thread until the condition holds, unless another thread
    /// already does. Returns whether it holds.
    bool collect_until(Condition condition) noexcept;
    /// A call was completed in another way than by an answer: wakes the thread that waits for it
    /// and collects.
    void wake_collector() noexcept { notifier_.eventcount.notify_all(); }

    /// Accepts no more calls. With `cancel_calls`, those that were not started are cancelled; with
    /// `wait`, returns when all others are done and all workers have ended.
    void shutdown(bool wait, bool cancel_calls);
    /// Ends all workers at once.
    void kill_workers();
    /// Fails all calls, and ends the workers.
    void break_down(PoolFailure why);

    [[nodiscard]] std::size_t max_workers() const noexcept {
        return max_workers_.load(std::memory_order_relaxed);
    }
    /// With fewer workers than before, those that run go on.
    void set_max_workers(std::size_t max_workers);
    [[nodiscard]] const PoolStatus& status() const noexcept { return *status_; }

    // For workers.
    /// Belongs to the supervisor's thread.
    [[nodiscard]] Reactor& reactor() noexcept { return reactor_; }
    /// How workers that share memory tell of their answers.
    [[nodiscard]] const MemoryMapping& notifier() const noexcept { return notifier_region_; }
    [[nodiscard]] int answer_eventfd() const noexcept { return eventfd_.fileno(); }
    /// Where workers behind streams put large answers.
    [[nodiscard]] FrameMemory& frame_memory() noexcept { return frame_memory_; }
    /// For the supervisor's thread: a worker has received answers, or accepts calls now.
    void on_answers_received();
    /// For the supervisor's thread: the worker has ended. Later it is destroyed.
    void on_worker_ended(PoolWorker& worker, WorkerEnd end);
    /// Makes the supervisor call `service` of all workers.
    void request_service() noexcept { service_.request(); }

private:
    using Job = SupervisorJob<PoolCore>;
    using Failures = std::vector<std::pair<PoolCall*, PoolFailure>>;

    // For the collector.
    void collect();
    void collect_from(PoolWorker& worker);
    void complete(PoolWorker::Answer& answer);
    void wait_for_answer(Condition condition) noexcept;
    [[nodiscard]] bool has_answer() noexcept;
    void call_supervisor_if_answered() noexcept;

    // For the supervisor.
    void supervise();
    void on_ready(std::uint32_t events) noexcept override; // an answer, while it slept
    void on_answers();
    void start_workers();
    void start_one_worker();
    void make_first_call(PoolWorker& worker);
    void count_failed_start(const std::string& why);
    void service_workers();
    void check_deadlines();
    void before_sleep() noexcept;
    void fail_all(const Failures& failures);
    void fail_undeliverable();
    void cancel_all(const PoolWorker::Calls& calls) noexcept;
    void cancel_returned();

    // Call these with lock_ held.
    void dispatch();
    void feed(PoolWorker& idle);
    [[nodiscard]] PoolWorker* least_busy() noexcept;
    [[nodiscard]] std::size_t prefetch() const noexcept;
    void put_back(const PoolWorker::Calls& calls);
    [[nodiscard]] bool end_worker_of(PoolCall& call);
    void break_pool(const PoolFailure& why, Failures& failures);
    [[nodiscard]] std::size_t wanted_workers() const noexcept;
    [[nodiscard]] std::size_t live_workers() const noexcept;
    void publish_status() noexcept;

    const OwnPoolStatus status_{PoolStatus::processes};
    const PoolCoreOptions options_;
    std::atomic<std::size_t> max_workers_;
    WorkerStarter& starter_;
    MemoryMapping notifier_region_;
    ReplyNotifier& notifier_;
    FileDescriptor eventfd_;
    FrameMemory frame_memory_;

    std::mutex lock_; // guards everything down to broken_
    CallQueue waiting_;
    std::vector<std::unique_ptr<PoolWorker>> workers_;
    bool has_priorities_ = false;
    bool has_timeouts_ = false;
    bool shut_down_ = false;
    bool cancels_ = false; // calls that workers give back are cancelled
    Failures undeliverable_;
    PoolWorker::Calls returned_; // to be cancelled
    std::optional<PoolFailure> broken_;

    // Used by the supervisor only.
    Reactor reactor_;
    std::vector<std::unique_ptr<PoolWorker>> dead_; // until the end of the turn
    int next_number_ = 1;
    int failed_starts_ = 0;
    std::atomic<bool> supervisor_sleeps_{false};
    std::atomic<bool> has_direct_collector_{false}; // a thread waiting for a result collects
    AnswerCollector collector_;
    std::vector<PoolWorker*> collected_; // used by the collector
    Job starting_{reactor_, *this, &PoolCore::start_workers};
    Job deadlines_{reactor_, *this, &PoolCore::check_deadlines};
    Job undelivered_{reactor_, *this, &PoolCore::fail_undeliverable};
    Job cancelling_{reactor_, *this, &PoolCore::cancel_returned};
    Job service_{reactor_, *this, &PoolCore::service_workers};
    SupervisorTimer<PoolCore> retry_{*this, &PoolCore::start_workers};
    SupervisorTimer<PoolCore> deadline_{*this, &PoolCore::check_deadlines};
    std::mutex join_lock_;
    std::thread supervisor_;
    std::atomic<std::thread::id> supervisor_id_{};
};

} // namespace hocket::engine
