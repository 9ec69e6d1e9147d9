#include "thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <pthread.h>

#include <hocket/errors.hpp>

#include "relax_processor.hpp"
#include "report.hpp"

namespace hocket {

namespace {

constexpr std::size_t handful = 32;    // taken from the shared queue under one lock
constexpr unsigned outside_first = 61; // one pick in so many looks there first

int priority_of(const detail::Work& work) noexcept {
    return work.options != nullptr ? work.options->priority : 0;
}

bool has_deadline(const detail::Work& work) noexcept {
    return work.options != nullptr && work.options->timeout.has_value();
}

} // namespace

thread_local constinit ThreadPoolExecutor::Pool::Worker* ThreadPoolExecutor::Pool::worker_here_ =
    nullptr;

ThreadPoolExecutor::Pool::Pool(const Executor& executor, std::size_t max_workers,
                               ThreadPoolOptions options)
    : executor_(executor),
      max_workers_(max_workers),
      options_(std::move(options)),
      workers_(std::make_unique<Worker[]>(max_workers)) {
    sleepers_.reserve(max_workers);
    threads_.reserve(max_workers);
    for (std::size_t i = 0; i < max_workers; ++i) {
        workers_[i].index = i;
    }
}

// -- submitting ----------------------------------------------------------------------------------

void ThreadPoolExecutor::Pool::enqueue(detail::Work& work) {
    if (has_deadline(work)) {
        deadlines_.add(work, *work.options->timeout);
    }
    try {
        // One worker alone keeps everything in one order.
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
        // Under the lock: who shuts down or breaks the pool empties this queue after saying so.
        const std::scoped_lock lock(me.lock);
        require_open();
        me.submitted.push(work);
    }
    // Either this sees that nobody searches, or who is about to lie down sees the work.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    call_searcher_if_none();
}

void ThreadPoolExecutor::Pool::enqueue_shared(detail::Work& work) {
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        require_open();
        if (threads_.empty()) {
            start_thread(); // may throw: before the work is anybody's
        }
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

ThreadPoolExecutor::Pool::Worker* ThreadPoolExecutor::Pool::call_searcher() {
    if (searching_.load() > 0) {
        return nullptr;
    }
    if (!sleepers_.empty()) {
        Worker* woken = sleepers_.back();
        sleepers_.pop_back();
        sleeping_.store(sleepers_.size());
        searching_.fetch_add(1);
        return woken;
    }
    if (started_.load(std::memory_order_relaxed) < max_workers_) {
        try {
            start_thread();
        } catch (const std::system_error&) {
            // No more threads are to be had: those that there are do the work.
        }
    }
    return nullptr;
}

void ThreadPoolExecutor::Pool::start_thread() {
    Worker& worker = workers_[threads_.size()];
    searching_.fetch_add(1);
    try {
        threads_.emplace_back([this, &worker] { work_off(worker); });
    } catch (...) {
        searching_.fetch_sub(1);
        throw;
    }
    started_.store(threads_.size(), std::memory_order_release);
}

void ThreadPoolExecutor::Pool::call_searcher_if_none() {
    if (searching_.load() > 0 ||
        (sleeping_.load() == 0 && started_.load(std::memory_order_relaxed) == max_workers_)) {
        return;
    }
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        if (shut_down_.load(std::memory_order_relaxed)) {
            return; // nobody sleeps, and nobody new comes
        }
        woken = call_searcher();
    }
    if (woken != nullptr) {
        woken->parker.unpark();
    }
}

// -- the threads ---------------------------------------------------------------------------------

void ThreadPoolExecutor::Pool::work_off(Worker& me) {
    if (!initialize(me.index)) {
        return;
    }
    worker_here_ = &me;
    detail::executor_here = &executor_;
    while (detail::Work* work = take(me)) {
        execute(*work);
    }
}

void ThreadPoolExecutor::Pool::execute(detail::Work& work) {
    if (has_deadline(work)) {
        deadlines_.remove(work);
    }
    work.run();
}

bool ThreadPoolExecutor::Pool::initialize(std::size_t index) {
    if (!options_.thread_name_prefix.empty()) {
        // The kernel keeps 15 characters.
        const std::string name = options_.thread_name_prefix + "_" + std::to_string(index);
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
    }
    if (!options_.initializer) {
        return true;
    }
    // An initializer may take its time, or wait for the other threads: nobody relies on it.
    stop_searching();
    try {
        options_.initializer();
        searching_.fetch_add(1);
        return true;
    } catch (...) {
        detail::report_thread_exception("exception in a thread pool's initializer",
                                        std::current_exception());
    }
    {
        const std::scoped_lock lock(shared_lock_);
        broken_.store(true, std::memory_order_relaxed);
    }
    discard_waiting();
    return false;
}

/// Waits for work; nullptr when there will be no more. Who finds none counts as searching until it
/// does, and so does a new thread.
detail::Work* ThreadPoolExecutor::Pool::take(Worker& me) {
    if (!me.new_here) {
        if (detail::Work* work = find(me)) {
            return work;
        }
        searching_.fetch_add(1);
    }
    me.new_here = false;
    for (bool lingered = false;; lingered = true) {
        if (detail::Work* work = find(me)) {
            stop_searching();
            return work;
        }
        if (!lingered) {
            linger();
            continue;
        }
        switch (lie_down(me)) {
        case Rest::asleep: me.parker.park(); break;
        case Rest::found_work: break;
        case Rest::ended: return nullptr;
        }
        lingered = false;
    }
}

detail::Work* ThreadPoolExecutor::Pool::find(Worker& me) {
    detail::Work* work = nullptr;
    if (urgent_.load(std::memory_order_acquire) > 0) {
        work = take_urgent();
    }
    // A worker that submits without end must not keep what came from outside waiting for ever.
    if (work == nullptr && ++me.picks % outside_first == 0) {
        work = take_outside(me);
    }
    if (work == nullptr) {
        work = take_submitted(me);
    }
    if (work == nullptr) {
        work = take_outside(me);
    }
    if (work == nullptr) {
        work = steal(me);
    }
    if (work == nullptr && unimportant_.load(std::memory_order_acquire) > 0) {
        work = take_ranked();
    }
    return work;
}

detail::Work* ThreadPoolExecutor::Pool::take_urgent() {
    const std::scoped_lock lock(shared_lock_);
    if (ranked_.empty() || ranked_.top_priority() <= 0) {
        return nullptr;
    }
    urgent_.fetch_sub(1, std::memory_order_relaxed);
    return ranked_.pop();
}

detail::Work* ThreadPoolExecutor::Pool::take_ranked() {
    const std::scoped_lock lock(shared_lock_);
    if (ranked_.empty()) {
        return nullptr;
    }
    (ranked_.top_priority() > 0 ? urgent_ : unimportant_).fetch_sub(1, std::memory_order_relaxed);
    return ranked_.pop();
}

detail::Work* ThreadPoolExecutor::Pool::take_submitted(Worker& me) {
    if (me.submitted.size() == 0) {
        return nullptr; // nobody else puts anything there
    }
    const std::scoped_lock lock(me.lock);
    return me.submitted.pop();
}

detail::Work* ThreadPoolExecutor::Pool::take_outside(Worker& me) {
    if (me.taken.size() > 0) {
        const std::scoped_lock lock(me.lock);
        if (detail::Work* work = me.taken.pop()) {
            return work;
        }
    }
    if (shared_.size() == 0) {
        return nullptr;
    }
    const std::scoped_lock lock(shared_lock_);
    detail::Work* work = shared_.pop();
    const std::size_t fair = shared_.size() / max_workers_;
    if (const std::size_t more = std::min(fair, handful); more > 0) {
        // Within shared_lock_, so that what is there is seen by whoever lies down.
        const std::scoped_lock own(me.lock);
        me.taken.take_from(shared_, more);
    }
    return work;
}

detail::Work* ThreadPoolExecutor::Pool::steal(Worker& me) {
    const std::size_t count = started_.load(std::memory_order_acquire);
    for (std::size_t i = 1; i < count; ++i) {
        Worker& victim = workers_[(me.index + i) % count];
        if (victim.queued() == 0) {
            continue;
        }
        const std::scoped_lock lock(victim.lock);
        if (detail::Work* work = victim.pop()) {
            return work;
        }
    }
    return nullptr;
}

/// Found something, or left: if it was the last one, somebody else is to look for the rest.
void ThreadPoolExecutor::Pool::stop_searching() {
    if (searching_.fetch_sub(1) == 1 && has_work()) {
        call_searcher_if_none();
    }
}

/// Lets others run once before it sleeps: whoever submits may be in the middle of a batch, on this
/// very processor. Looks on for as long as the pool was told to.
void ThreadPoolExecutor::Pool::linger() {
    if (options_.spin > std::chrono::nanoseconds::zero()) {
        const auto end = std::chrono::steady_clock::now() + options_.spin;
        while (!has_work() && std::chrono::steady_clock::now() < end) {
            detail::relax_processor();
        }
    } else {
        std::this_thread::yield();
    }
}

ThreadPoolExecutor::Pool::Rest ThreadPoolExecutor::Pool::lie_down(Worker& me) {
    const std::scoped_lock lock(shared_lock_);
    sleepers_.push_back(&me);
    sleeping_.store(sleepers_.size());
    searching_.fetch_sub(1);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const bool work = has_work();
    if (!work && !shut_down_.load(std::memory_order_relaxed)) {
        return Rest::asleep;
    }
    sleepers_.pop_back();
    sleeping_.store(sleepers_.size());
    if (work) {
        searching_.fetch_add(1);
    }
    return work ? Rest::found_work : Rest::ended;
}

bool ThreadPoolExecutor::Pool::has_work() const noexcept {
    if (shared_.size() > 0 || urgent_.load(std::memory_order_relaxed) > 0 ||
        unimportant_.load(std::memory_order_relaxed) > 0) {
        return true;
    }
    const std::size_t count = started_.load(std::memory_order_acquire);
    return std::any_of(workers_.get(), workers_.get() + count,
                       [](const Worker& worker) { return worker.queued() > 0; });
}

// -- the end -------------------------------------------------------------------------------------

void ThreadPoolExecutor::Pool::shutdown(const ShutdownOptions& options) {
    if (options.wait && detail::executor_here == &executor_) {
        throw RuntimeError("a thread pool's own worker cannot wait for its end");
    }
    std::vector<Worker*> woken;
    std::vector<std::thread> ending;
    {
        const std::scoped_lock lock(shared_lock_);
        shut_down_.store(true, std::memory_order_relaxed);
        woken.swap(sleepers_);
        sleeping_.store(0);
        searching_.fetch_add(woken.size());
        if (options.wait) {
            ending.swap(threads_);
        }
    }
    for (Worker* worker : woken) {
        worker->parker.unpark();
    }
    if (options.cancel_futures) {
        discard_waiting();
    }
    for (std::thread& thread : ending) {
        thread.join();
    }
}

void ThreadPoolExecutor::Pool::discard_waiting() noexcept {
    // One at a time, without a lock: a future's callbacks may come back here.
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
