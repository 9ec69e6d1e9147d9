#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <hocket/detail/threads/fork_peers.hpp>
#include <hocket/detail/threads/future_state.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "engine/status.hpp"
#include "threads/parker.hpp"
#include "threads/start_deadlines.hpp"
#include "threads/work_queue.hpp"

namespace hocket {

/// The threads of a ThreadPoolExecutor. Work submitted from outside goes to one shared queue, from
/// which workers take several pieces at a time. Work submitted by a worker goes to its own queue,
/// from which the others steal. All queues are first in, first out. Work with a priority has a
/// separate queue.
///
/// Forks (fork_join.hpp) have separate deques, which a worker checks when there is no work.
///
/// A worker runs, searches, or sleeps. Submitting work wakes a sleeping worker or starts a thread
/// only if no worker is searching. When the last searching worker finds work, it wakes the next
/// one.
class ThreadPoolExecutor::Pool final : public detail::ForkPeers {
public:
    Pool(const Executor& executor, std::size_t max_workers, ThreadPoolOptions options);

    [[nodiscard]] std::size_t max_workers() const noexcept { return max_workers_; }
    [[nodiscard]] const engine::PoolStatus& status() const noexcept { return *status_; }
    void enqueue(detail::Work& work);
    void shutdown(const ShutdownOptions& options);

private:
    struct alignas(64) Worker {
        detail::SpinLock lock;       // guards the queues
        detail::WorkQueue taken;     // from the shared queue
        detail::WorkQueue submitted; // by this worker
        detail::Parker parker;
        std::size_t index = 0;
        engine::WorkerStatus* status = nullptr;
        unsigned picks = 0;
        bool new_here = true;         // has not searched for work yet
        bool ran_forks = false;       // since it last slept
        std::uint64_t guest_seen = 0; // guest_count() when it last checked

        [[nodiscard]] std::size_t queued() const noexcept {
            return taken.size() + submitted.size();
        }
        detail::Work* pop() noexcept {
            detail::Work* work = taken.pop();
            return work != nullptr ? work : submitted.pop();
        }
    };

    void enqueue_own(Worker& me, detail::Work& work);
    void enqueue_shared(detail::Work& work);
    void require_open() const;

    // Call this under shared_lock_. Returns the worker to be woken for new work, if any; may start
    // a thread.
    Worker* call_searcher();
    void start_thread();
    void call_searcher_if_none();
    void wake_one() noexcept override;
    void count_available() noexcept;

    void work_off(Worker& me);
    bool initialize(std::size_t index);
    detail::Work* take(Worker& me);
    detail::Work* find(Worker& me);
    detail::Work* take_urgent();
    detail::Work* take_submitted(Worker& me);
    detail::Work* take_outside(Worker& me);
    detail::Work* steal(Worker& me);
    detail::Work* take_ranked();
    void stop_searching();
    bool run_forks(Worker& me);
    void busy_poll(Worker& me);
    enum class Rest { asleep, found_work, ended };
    Rest park(Worker& me);
    [[nodiscard]] bool has_work() const noexcept;

    static bool has_deadline(const detail::Work& work) noexcept {
        return work.options != nullptr && work.options->timeout.has_value();
    }
    void execute(Worker& me, detail::Work& work);
    static void trace_submission(const detail::Work& work) noexcept;
    static void trace_run(const detail::Work& work) noexcept;
    void count_submission(detail::Work& work) noexcept;
    void discard_waiting() noexcept;
    detail::Work* pop_any() noexcept;

    static thread_local constinit Worker* worker_here_;

    const Executor& executor_;
    const std::size_t max_workers_;
    const ThreadPoolOptions options_;
    const engine::OwnPoolStatus status_{engine::PoolStatus::threads};
    const std::unique_ptr<Worker[]> workers_;
    detail::StartDeadlines deadlines_;

    alignas(64) detail::SpinLock shared_lock_; // guards the block below
    detail::WorkQueue shared_;
    detail::PriorityQueue ranked_;
    std::vector<Worker*> sleepers_;
    std::vector<std::thread> threads_;
    std::atomic<bool> shut_down_{false};
    std::atomic<bool> broken_{false};

    // Read without the lock.
    std::atomic<const detail::Work*> timed_{nullptr}; // whose wait is measured, one at a time
    std::atomic<std::uint64_t> timed_since_{0};       // when that was submitted, in ticks
    std::atomic<std::size_t> urgent_{0};      // of ranked_, those with a priority above zero
    std::atomic<std::size_t> unimportant_{0}; // and those below
};

} // namespace hocket
