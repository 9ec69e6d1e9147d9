#include "sqlite/sqlite_thread.hpp"

#include <cassert>
#include <mutex>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "sqlite/sqlite_database.hpp"
#include "threads/futex.hpp"
#include "threads/spin.hpp"

namespace hocket::detail {

namespace {

// How many quick requests are delivered together, at most: the loop can make the next ones while
// the thread is busy with the rest.
constexpr std::size_t delivered_together = 32;

} // namespace

SqliteRequest::SqliteRequest(std::shared_ptr<SqliteThread> thread, Place place) noexcept
    : thread_(std::move(thread)), place_(place) {}

SqliteRequest::~SqliteRequest() {
    assert(task_ == nullptr || state_.load(std::memory_order_relaxed) == State::idle);
}

void SqliteRequest::withdraw() noexcept {
    if (task_ != nullptr && state_.load(std::memory_order_relaxed) != State::idle) {
        thread_->withdraw(*this);
    }
}

void SqliteRequest::submit() { thread_->submit(*this); }

bool SqliteRequest::cancel(std::string_view) noexcept { return thread_->cancel(*this); }

SqliteThread::SqliteThread(EventLoop& loop)
    : loop_(&loop.core()), reactor_(reactor_of(loop)), thread_([this] { work(); }) {}

SqliteThread::~SqliteThread() {
    if (is_linked()) {
        reactor_.cancel_turn_end(*this);
    }
    {
        const std::scoped_lock lock(lock_);
        is_stopping_ = true;
        has_work_.store(true, std::memory_order_release);
    }
    wake_thread();
    thread_.join();
}

void SqliteThread::submit(SqliteRequest& request) {
    const TaskBase& task = *request.task_;
    if (&task.loop() != loop_) {
        throw RuntimeError("this SQLite connection belongs to a different event loop");
    }
    if (request.place_ != SqliteRequest::Place::inside) {
        if (transaction_task_ == task.id()) {
            throw RuntimeError("this task has an open transaction on this SQLite connection, for "
                               "whose end the statement would wait: run it on the Transaction");
        }
        if (transaction_task_ != 0) {
            request.state_.store(SqliteRequest::State::held, std::memory_order_relaxed);
            held_.push_back(request);
            return;
        }
        if (request.place_ == SqliteRequest::Place::opening) {
            transaction_task_ = task.id();
        }
    }
    enqueue_in_turn(request);
}

void SqliteThread::wake_thread() noexcept {
    {
        const std::scoped_lock lock(lock_);
        if (!std::exchange(is_asleep_, false)) {
            return;
        }
    }
    parker_.unpark();
}

// Waking the thread costs more than a short statement, and it may run in place of the loop.
void SqliteThread::enqueue_in_turn(SqliteRequest& request) noexcept {
    if (enqueue(request)) {
        reactor_.at_turn_end(*this);
    }
}

bool SqliteThread::enqueue(SqliteRequest& request) noexcept {
    pending_.fetch_add(1, std::memory_order_relaxed);
    const std::scoped_lock lock(lock_);
    request.state_.store(SqliteRequest::State::queued, std::memory_order_relaxed);
    request.position_ = last_position_.fetch_add(1, std::memory_order_acq_rel) + 1;
    queue_.push_back(request);
    has_work_.store(true, std::memory_order_release);
    return is_asleep_;
}

void SqliteThread::hand_over(std::unique_ptr<SqliteDetached> work) noexcept {
    // At once, because the loop may have ended.
    if (enqueue(*work.release())) {
        wake_thread();
    }
}

void SqliteThread::end_transaction(std::uint64_t task,
                                   std::unique_ptr<SqliteDetached> last_work) noexcept {
    if (transaction_task_ != task) {
        return;
    }
    transaction_task_ = 0;
    if (last_work) {
        hand_over(std::move(last_work));
    }
    while (transaction_task_ == 0 && !held_.empty()) {
        SqliteRequest& request = *held_.pop_front();
        if (request.place_ == SqliteRequest::Place::opening) {
            transaction_task_ = request.task_->id();
        }
        if (enqueue(request)) {
            wake_thread();
        }
    }
}

bool SqliteThread::cancel(SqliteRequest& request) noexcept {
    if (request.state_.load(std::memory_order_relaxed) == SqliteRequest::State::held) {
        held_.erase(request);
    } else {
        const std::scoped_lock lock(lock_);
        switch (request.state_.load(std::memory_order_relaxed)) {
        case SqliteRequest::State::queued:
            queue_.erase(request);
            pending_.fetch_sub(1, std::memory_order_relaxed);
            break;
        case SqliteRequest::State::running:
            stop_running(SqliteRequest::Stop::cancelled);
            return true;
        default: return false;
        }
    }
    request.state_.store(SqliteRequest::State::idle, std::memory_order_relaxed);
    request.task_->interrupt();
    return true;
}

void SqliteThread::withdraw(SqliteRequest& request) noexcept {
    const auto state = [&] { return request.state_.load(std::memory_order_relaxed); };
    if (state() == SqliteRequest::State::held) {
        held_.erase(request);
    } else {
        std::unique_lock lock(lock_);
        if (state() == SqliteRequest::State::running) {
            stop_running(SqliteRequest::Stop::cancelled);
            lock.unlock();
            request.state_.wait(SqliteRequest::State::running, std::memory_order_acquire);
            lock.lock();
        }
        if (state() == SqliteRequest::State::queued) {
            queue_.erase(request);
            pending_.fetch_sub(1, std::memory_order_relaxed);
        } else {
            done_.erase(request);
        }
    }
    request.state_.store(SqliteRequest::State::idle, std::memory_order_relaxed);
}

void SqliteThread::interrupt() noexcept {
    const std::scoped_lock lock(lock_);
    if (running_ != nullptr &&
        running_->stop_.load(std::memory_order_relaxed) == SqliteRequest::Stop::none) {
        stop_running(SqliteRequest::Stop::interrupted);
    }
}

// The lock is held, and a request is running.
void SqliteThread::stop_running(SqliteRequest::Stop stop) noexcept {
    running_->stop_.store(stop, std::memory_order_release);
    stops_.fetch_add(1, std::memory_order_release);
    wake_futex(stops_);
}

bool SqliteThread::should_stop() const noexcept {
    return running_ != nullptr &&
           running_->stop_.load(std::memory_order_acquire) != SqliteRequest::Stop::none;
}

void SqliteThread::wait_while_busy(std::chrono::milliseconds time) noexcept {
    const std::uint32_t seen = stops_.load(std::memory_order_acquire);
    if (!should_stop()) {
        wait_on_futex(stops_, seen, time);
    }
}

void SqliteThread::work() noexcept {
    // Only the program's own threads should receive signals.
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), "sqlite");
    SqliteDatabase database(*this);
    std::unique_lock lock(lock_);
    for (;;) {
        SqliteRequest* const request = queue_.pop_front();
        if (request == nullptr && database.has_snapshot()) {
            lock.unlock();
            database.end_snapshot();
            lock.lock();
            continue;
        }
        if (request == nullptr) {
            post_done();
            if (is_stopping_) {
                return;
            }
            has_work_.store(false, std::memory_order_relaxed);
            lock.unlock();
            rest();
            lock.lock();
            continue;
        }
        running_ = request;
        request->state_.store(SqliteRequest::State::running, std::memory_order_relaxed);
        lock.unlock();
        try {
            request->perform(database);
        } catch (...) {
            request->error_ = std::current_exception();
        }
        in_transaction_.store(database.in_transaction(), std::memory_order_relaxed);
        const bool is_detached = request->task_ == nullptr;
        lock.lock();
        running_ = nullptr;
        pending_.fetch_sub(1, std::memory_order_relaxed);
        if (is_detached) {
            lock.unlock();
            delete static_cast<SqliteDetached*>(request);
            lock.lock();
            continue;
        }
        done_.push_back(*request);
        // Under the lock, because withdraw() may destroy the request afterwards.
        request->state_.store(SqliteRequest::State::done, std::memory_order_release);
        request->state_.notify_all();
        if (++undelivered_ >= delivered_together) {
            post_done();
        }
    }
}

void SqliteThread::rest() noexcept {
    if (spin_briefly([this] { return has_work_.load(std::memory_order_acquire); })) {
        return;
    }
    {
        const std::scoped_lock lock(lock_);
        if (!queue_.empty() || is_stopping_) {
            return;
        }
        is_asleep_ = true;
    }
    parker_.park();
}

void SqliteThread::deliver_done() noexcept {
    const std::scoped_lock lock(lock_);
    post_done();
}

// The lock is held: once it is released, the loop may end, and its inbox with it.
void SqliteThread::post_done() noexcept {
    if (std::exchange(undelivered_, 0) > 0 && !done_.empty() && posted_ == nullptr) {
        posted_ = shared_from_this();
        reactor_.post(*this);
    }
}

void SqliteThread::run() noexcept {
    engine::IntrusiveList<SqliteRequest> done;
    std::shared_ptr<SqliteThread> self;
    {
        const std::scoped_lock lock(lock_);
        done.take(done_);
        undelivered_ = 0;
        self = std::move(posted_);
    }
    while (SqliteRequest* const request = done.pop_front()) {
        request->state_.store(SqliteRequest::State::idle, std::memory_order_relaxed);
        if (request->stop_.load(std::memory_order_relaxed) == SqliteRequest::Stop::cancelled) {
            request->task_->interrupt();
        } else {
            request->task_->wake();
        }
    }
}

void SqliteThread::discard() noexcept {
    std::shared_ptr<SqliteThread> self;
    const std::scoped_lock lock(lock_);
    self = std::move(posted_);
}

} // namespace hocket::detail
