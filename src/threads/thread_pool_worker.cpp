// ThreadPoolExecutor's workers: taking, finding and waiting for work.

#include "threads/thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <typeinfo>
#include <utility>

#include <pthread.h>

#include "engine/ticks.hpp"
#include "engine/trace.hpp"
#include "loop/report.hpp"
#include "threads/spin.hpp"

namespace hocket {

namespace {

constexpr std::size_t handful = 32;    // taken from the shared queue under one lock
constexpr int after_forks = 100;       // how often a worker checks again
constexpr unsigned outside_first = 61; // one in this many picks checks the shared queue first

} // namespace

void ThreadPoolExecutor::Pool::work_off(Worker& me) {
    if (!initialize(me.index)) {
        return;
    }
    worker_here_ = &me;
    detail::executor_here = &executor_;
    detail::fork_slot = &slot_of(me.index);
    while (detail::Work* work = take(me)) {
        execute(me, *work);
    }
}

void ThreadPoolExecutor::Pool::execute(Worker& me, detail::Work& work) {
    if (has_deadline(work)) {
        deadlines_.remove(work);
    }
    if (timed_.load(std::memory_order_acquire) == &work) {
        status_->wait.record(engine::ticks() - timed_since_.load(std::memory_order_relaxed));
        timed_.store(nullptr, std::memory_order_release);
    }
    engine::add(me.status->started, 1);
    if (engine::is_traced()) [[unlikely]] {
        trace_run(work);
    }
    work.run();
    engine::trace(engine::TraceKind::run_end);
    engine::add(me.status->completed, 1);
}

void ThreadPoolExecutor::Pool::trace_run(const detail::Work& work) noexcept {
    engine::trace(engine::TraceKind::run, reinterpret_cast<std::uintptr_t>(&work));
    engine::trace(engine::TraceKind::type, reinterpret_cast<std::uintptr_t>(typeid(work).name()));
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
    // An initializer may take long or wait for the other threads, so this thread must not be the
    // one responsible for waking more of them.
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        searching_.fetch_sub(1);
        woken = shared_.size() > started_.load() ? call_searcher() : nullptr;
    }
    if (woken != nullptr) {
        woken->parker.unpark();
    }
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

/// Waits for work; returns nullptr if there will be no more. A worker that finds none counts as
/// searching until it finds some, and so does a new thread.
detail::Work* ThreadPoolExecutor::Pool::take(Worker& me) {
    if (!me.new_here) {
        if (detail::Work* work = find(me)) {
            return work;
        }
        searching_.fetch_add(1);
    }
    me.new_here = false;
    for (bool has_polled = false;;) {
        if (detail::Work* work = find(me)) {
            stop_searching();
            return work;
        }
        if (run_forks(me)) {
            has_polled = false;
            continue;
        }
        if (!has_polled) {
            busy_poll(me);
            has_polled = true;
            continue;
        }
        switch (park(me)) {
        case Rest::asleep: me.parker.park(); break;
        case Rest::found_work: break;
        case Rest::ended: return nullptr;
        }
        has_polled = false;
    }
}

detail::Work* ThreadPoolExecutor::Pool::find(Worker& me) {
    detail::Work* work = nullptr;
    if (urgent_.load(std::memory_order_acquire) > 0) {
        work = take_urgent();
    }
    // A worker that keeps submitting must not starve the work submitted from outside.
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
        return nullptr; // only this worker adds to it
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
        // Within shared_lock_, so that a worker about to sleep sees the work.
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

/// Called when a worker has found work. If it was the last one searching, it wakes another worker
/// to search for the rest. This happens under the lock, so that a submitting thread either sees
/// that no worker is searching, or its work is seen here.
void ThreadPoolExecutor::Pool::stop_searching() {
    if (searching_.fetch_sub(1) > 1 || available_.load() == 0) {
        return;
    }
    Worker* woken = nullptr;
    {
        const std::scoped_lock lock(shared_lock_);
        woken = has_work() ? call_searcher() : nullptr;
    }
    if (woken != nullptr) {
        woken->parker.unpark();
    }
}

/// Runs other threads' forks. Returns false if there were none.
bool ThreadPoolExecutor::Pool::run_forks(Worker& me) {
    detail::ForkSlot& slot = slot_of(me.index);
    detail::ForkJob* job = ForkPeers::steal(slot);
    if (job == nullptr) {
        return false;
    }
    stop_searching();
    do {
        job->run_taken();
        job = ForkPeers::steal(slot);
    } while (job != nullptr);
    me.ran_forks = true;
    searching_.fetch_add(1);
    return true;
}

/// Lets other threads run once before the worker sleeps, because a submitting thread may be in the
/// middle of a batch on this same processor. Then keeps checking for the pool's spin time, and for
/// a while if there were forks: parallel loops often follow one another, and waking up takes longer
/// than many of them.
void ThreadPoolExecutor::Pool::busy_poll(Worker& me) {
    if (options_.spin > std::chrono::nanoseconds::zero()) {
        const auto end = std::chrono::steady_clock::now() + options_.spin;
        while (!detail::spin_briefly([this] { return has_work(); }) &&
               std::chrono::steady_clock::now() < end) {
            std::this_thread::yield(); // the submitting thread may need this processor
        }
        return;
    }
    for (int rounds = 0;; ++rounds) {
        std::this_thread::yield();
        if (std::exchange(me.guest_seen, guest_count()) != guest_count() ||
            std::exchange(me.ran_forks, false)) {
            rounds = -after_forks;
        }
        if (rounds >= 0 || has_work()) {
            return;
        }
    }
}

ThreadPoolExecutor::Pool::Rest ThreadPoolExecutor::Pool::park(Worker& me) {
    const std::scoped_lock lock(shared_lock_);
    sleepers_.push_back(&me);
    count_available();
    searching_.fetch_sub(1);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const bool work = has_work();
    if (!work && !shut_down_.load(std::memory_order_relaxed)) {
        return Rest::asleep;
    }
    sleepers_.pop_back();
    count_available();
    if (work) {
        searching_.fetch_add(1);
    }
    return work ? Rest::found_work : Rest::ended;
}

bool ThreadPoolExecutor::Pool::has_work() const noexcept {
    if (shared_.size() > 0 || urgent_.load(std::memory_order_relaxed) > 0 ||
        unimportant_.load(std::memory_order_relaxed) > 0 || has_forks()) {
        return true;
    }
    const std::size_t count = started_.load(std::memory_order_acquire);
    return std::any_of(workers_.get(), workers_.get() + count,
                       [](const Worker& worker) { return worker.queued() > 0; });
}

} // namespace hocket
