#include "threads/thread_pool.hpp"

#include <mutex>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>

#include "engine/ticks.hpp"
#include "engine/trace.hpp"

namespace hocket {

namespace {

int priority_of(const detail::Work& work) noexcept {
    return work.options != nullptr ? work.options->priority : 0;
}

} // namespace

thread_local constinit ThreadPoolExecutor::Pool::Worker* ThreadPoolExecutor::Pool::worker_here_ =
    nullptr;

ThreadPoolExecutor::Pool::Pool(const Executor& executor, std::size_t max_workers,
                               ThreadPoolOptions options)
    : ForkPeers(max_workers),
      executor_(executor),
      max_workers_(max_workers),
      options_(std::move(options)),
      workers_(std::make_unique<Worker[]>(max_workers)) {
    sleepers_.reserve(max_workers);
    threads_.reserve(max_workers);
    for (std::size_t i = 0; i < max_workers; ++i) {
        workers_[i].index = i;
        workers_[i].status = &status_->each[i % engine::PoolStatus::max_counting];
    }
    count_available();
    status_->max_workers.store(max_workers, std::memory_order_relaxed);
    engine::set_status_name(*status_, options_.thread_name_prefix);
}

// -- submitting ----------------------------------------------------------------------------------

void ThreadPoolExecutor::Pool::enqueue(detail::Work& work) {
    if (engine::is_traced()) [[unlikely]] {
        trace_submission(work);
    }
    if (has_deadline(work)) {
        deadlines_.add(work, *work.options->timeout);
    }
    try {
        // A single worker keeps all work in one order.
        const bool own = max_workers_ > 1 && detail::executor_here == &executor_ &&
                         worker_here_ != nullptr && priority_of(work) == 0;
        own ? enqueue_own(*worker_here_, work) : enqueue_shared(work);
    } catch (...) {
        if (has_deadline(work)) {
            deadlines_.remove(work);
        }
        throw;
    }
}

void ThreadPoolExecutor::Pool::trace_submission(const detail::Work& work) noexcept {
    engine::trace(engine::TraceKind::submit, reinterpret_cast<std::uintptr_t>(&work));
    if (const void* const function = work.function()) {
        engine::trace(engine::TraceKind::function, reinterpret_cast<std::uintptr_t>(function));
    }
    if (work.options != nullptr) {
        engine::trace_text(work.options->name);
    }
}

void ThreadPoolExecutor::Pool::require_open() const {
    if (broken_.load(std::memory_order_relaxed)) {
        throw BrokenExecutor("the thread pool is broken: its initializer threw");
    }
    if (shut_down_.load(std::memory_order_relaxed)) {
        throw RuntimeError("cannot submit work to an executor after its shutdown");
    }
}

void ThreadPoolExecutor::Pool::enqueue_own(Worker& me, detail::Work& work) {
    {
        // Under the lock: a thread that shuts down or breaks the pool first sets the flag and then
        // empties this queue.
        const std::scoped_lock lock(me.lock);
        require_open();
        me.submitted.push(work);
        status_->submitted.fetch_add(1, std::memory_order_relaxed);
    }
    // Either this thread sees that no worker is searching, or a worker about to sleep sees the
    // work.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    call_searcher_if_none();
}

void ThreadPoolExecutor::Pool::enqueue_shared(detail::Work& work) {
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        require_open();
        if (started_.load(std::memory_order_relaxed) == 0) {
            start_thread(); // may throw, so it comes before the work is queued
        }
        count_submission(work);
        if (const int priority = priority_of(work); priority == 0) {
            shared_.push(work);
        } else {
            ranked_.push(work, priority);
            (priority > 0 ? urgent_ : unimportant_).fetch_add(1, std::memory_order_release);
        }
        woken = call_searcher();
    }
    if (woken != nullptr) {
        woken->parker.unpark();
    }
}

/// Reading the time for each submission would cost too much, so the wait of one piece of work is
/// measured after the other.
void ThreadPoolExecutor::Pool::count_submission(detail::Work& work) noexcept {
    status_->submitted.fetch_add(1, std::memory_order_relaxed);
    if (timed_.load(std::memory_order_relaxed) == nullptr) {
        timed_since_.store(engine::ticks(), std::memory_order_relaxed);
        timed_.store(&work, std::memory_order_release);
    }
}

ThreadPoolExecutor::Pool::Worker* ThreadPoolExecutor::Pool::call_searcher() {
    if (searching_.load() > 0) {
        return nullptr;
    }
    if (!sleepers_.empty()) {
        Worker* woken = sleepers_.back();
        sleepers_.pop_back();
        count_available();
        searching_.fetch_add(1);
        return woken;
    }
    if (started_.load(std::memory_order_relaxed) < max_workers_) {
        try {
            start_thread();
        } catch (const std::system_error&) {
            // No more threads can be started; the existing ones do the work.
        }
    }
    return nullptr;
}

void ThreadPoolExecutor::Pool::start_thread() {
    const std::size_t count = started_.load(std::memory_order_relaxed);
    Worker& worker = workers_[count];
    searching_.fetch_add(1);
    try {
        threads_.emplace_back([this, &worker] { work_off(worker); });
    } catch (...) {
        searching_.fetch_sub(1);
        throw;
    }
    started_.store(count + 1, std::memory_order_release);
    status_->workers.store(count + 1, std::memory_order_relaxed);
    count_available();
}

void ThreadPoolExecutor::Pool::count_available() noexcept {
    available_.store(sleepers_.size() + max_workers_ - started_.load());
}

void ThreadPoolExecutor::Pool::call_searcher_if_none() {
    if (available_.load() > 0 && searching_.load() == 0) {
        wake_one();
    }
}

void ThreadPoolExecutor::Pool::wake_one() noexcept {
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        woken = call_searcher();
    }
    if (woken != nullptr) {
        woken->parker.unpark();
    }
}

// -- the end -------------------------------------------------------------------------------------

void ThreadPoolExecutor::Pool::shutdown(const ShutdownOptions& options) {
    if (options.wait && detail::executor_here == &executor_) {
        throw RuntimeError("a thread pool's own worker cannot wait for its shutdown");
    }
    std::vector<Worker*> woken;
    {
        const std::scoped_lock lock(shared_lock_);
        shut_down_.store(true, std::memory_order_relaxed);
        woken.swap(sleepers_);
        count_available();
        searching_.fetch_add(woken.size());
    }
    for (Worker* worker : woken) {
        worker->parker.unpark();
    }
    if (options.cancel_futures) {
        discard_waiting();
    }
    // Waiting work may still need more threads, and only the existing threads start them, so they
    // are joined one at a time.
    while (options.wait) {
        std::thread ending;
        {
            const std::scoped_lock lock(shared_lock_);
            if (threads_.empty()) {
                break;
            }
            ending = std::move(threads_.back());
            threads_.pop_back();
        }
        ending.join();
    }
}

void ThreadPoolExecutor::Pool::discard_waiting() noexcept {
    timed_.store(nullptr, std::memory_order_relaxed); // it may be among those
    // One at a time and without a lock, because a future's callbacks may call into the pool.
    while (detail::Work* work = pop_any()) {
        if (has_deadline(*work)) {
            deadlines_.remove(*work);
        }
        work->discard();
    }
}

detail::Work* ThreadPoolExecutor::Pool::pop_any() noexcept {
    {
        const std::scoped_lock lock(shared_lock_);
        if (detail::Work* work = shared_.pop()) {
            return work;
        }
    }
    if (detail::Work* work = take_ranked()) {
        return work;
    }
    for (std::size_t i = 0; i < started_.load(std::memory_order_acquire); ++i) {
        const std::scoped_lock lock(workers_[i].lock);
        if (detail::Work* work = workers_[i].pop()) {
            return work;
        }
    }
    return nullptr;
}

} // namespace hocket
