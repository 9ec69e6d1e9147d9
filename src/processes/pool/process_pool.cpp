#include "processes/pool/process_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

#include <hocket/errors.hpp>

#include "engine/last_error.hpp"
#include "engine/trace.hpp"

namespace hocket::detail {

namespace {

// The maximum number of calls in a worker's ring, including the running one. With several there,
// the worker need not wait for its owner between two short calls. Calls that were not started are
// taken back when another worker is idle.
constexpr std::size_t calls_ahead = 128;

engine::FileDescriptor make_eventfd() {
    engine::FileDescriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor.is_open()) {
        engine::throw_errno("eventfd for a process pool");
    }
    return descriptor;
}

} // namespace

bool RemoteCall::withdraw() noexcept { return pool_->withdraw(*this); }
bool RemoteCall::collect_until_done(const FutureStateBase& future) noexcept {
    return pool_->collect_until_done(future);
}

void RemoteCall::wake_collector() noexcept { pool_->wake_collector(); }
bool RemoteCall::is_started() const noexcept { return pool_->is_started(*this); }

ProcessPool::ProcessPool(std::size_t max_workers, ProcessPoolOptions options)
    : max_workers_(max_workers),
      options_(std::move(options)),
      output_(options_.on_output ? options_.on_output : print_worker_line),
      notifier_region_(engine::MemoryMapping::create("pool", sizeof(engine::ReplyNotifier))),
      notifier_(*reinterpret_cast<engine::ReplyNotifier*>(notifier_region_.data())),
      eventfd_(make_eventfd()) {
    status_->max_workers.store(max_workers, std::memory_order_relaxed);
    if (const auto error =
            reactor_.poller().add(*this, eventfd_.fileno(), engine::Watcher::readable)) {
        throw std::system_error(error, "epoll_ctl for a process pool");
    }
    reactor_.set_blocking_hooks(
        {[](void* pool) noexcept { static_cast<ProcessPool*>(pool)->before_sleep(); },
         [](void* pool) noexcept {
             static_cast<ProcessPool*>(pool)->supervisor_sleeps_.store(false);
             static_cast<ProcessPool*>(pool)->notifier_.loop_sleeps.store(
                 0, std::memory_order_relaxed);
         },
         this});
}

ProcessPool::~ProcessPool() {
    if (supervisor_.joinable()) {
        // The supervisor itself may be the last owner of the pool.
        if (supervisor_id_.load() == std::this_thread::get_id()) {
            supervisor_.detach();
        } else {
            supervisor_.join();
        }
    }
    reactor_.poller().remove(*this);
}

void ProcessPool::submit(RemoteCall& call, const GatherBuffer& body) {
    engine::trace(engine::TraceKind::submit, reinterpret_cast<std::uintptr_t>(&call));
    engine::trace_text(call.name);
    try {
        const std::scoped_lock lock(lock_);
        if (broken_) {
            std::rethrow_exception(broken_);
        }
        if (shut_down_) {
            throw RuntimeError("cannot submit a call to a process pool after its shutdown");
        }
        if (call.priority != 0 && !std::exchange(has_priorities_, true)) {
            // From now on, hand out calls one by one, the most urgent first.
            for (const auto& worker : workers_) {
                put_back(worker->take_back(PoolWorker::unlimited));
            }
        }
        has_timeouts_ |= call.timeout > 0;
        PoolWorker* const worker = waiting_count_ == 0 ? least_busy() : nullptr;
        if (worker != nullptr && worker->send(call, body)) {
            worker->wake();
        } else {
            call.body_.resize(body.size());
            body.copy_to(reinterpret_cast<std::byte*>(call.body_.data()));
            wait_in_queue(call, false);
            if (has_priorities_) {
                dispatch();
            }
        }
        if (live_workers() < wanted_workers()) {
            starting_.request();
        }
        engine::add(status_->submitted, 1);
        publish_status();
    } catch (...) {
        call.release();
        throw;
    }
    if (call.timeout > 0) {
        deadlines_.request();
    }
}

void ProcessPool::wait_in_queue(RemoteCall& call, bool first) {
    auto& queue = waiting_[call.priority];
    if (first) {
        queue.push_front(&call);
    } else {
        queue.push_back(&call);
    }
    call.state_ = RemoteCall::State::waiting;
    ++waiting_count_;
}

void ProcessPool::put_back(const std::vector<RemoteCall*>& calls) {
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
        wait_in_queue(**call, true);
    }
}

// Returns the first waiting call that was not withdrawn; nullptr if there is none.
RemoteCall* ProcessPool::next_waiting() {
    while (!waiting_.empty()) {
        auto& queue = waiting_.begin()->second;
        while (!queue.empty()) {
            if (queue.front()->state_ == RemoteCall::State::waiting) {
                return queue.front();
            }
            queue.front()->release();
            queue.pop_front();
        }
        waiting_.erase(waiting_.begin());
    }
    return nullptr;
}

void ProcessPool::drop_next_waiting() {
    waiting_.begin()->second.pop_front();
    --waiting_count_;
}

std::size_t ProcessPool::prefetch() const noexcept { return has_priorities_ ? 1 : calls_ahead; }

PoolWorker* ProcessPool::least_busy() noexcept {
    PoolWorker* least = nullptr;
    for (const auto& worker : workers_) {
        if (worker->accepts(prefetch()) &&
            (least == nullptr || worker->outstanding() < least->outstanding())) {
            least = worker.get();
        }
    }
    return least;
}

// Hands out waiting calls while workers have room.
void ProcessPool::dispatch() {
    while (RemoteCall* const call = next_waiting()) {
        PoolWorker* const worker = least_busy();
        if (worker == nullptr) {
            break;
        }
        GatherBuffer body;
        body.write(call->body_.data(), call->body_.size());
        try {
            if (!worker->send(*call, body)) {
                break;
            }
        } catch (...) {
            // Complete its future later, without the lock: its callbacks may call this pool.
            drop_next_waiting();
            call->state_ = RemoteCall::State::left;
            undeliverable_.emplace_back(call, std::current_exception());
            undelivered_.request();
            continue;
        }
        drop_next_waiting();
        call->body_ = {};
        worker->wake();
    }
    if (shut_down_ && waiting_count_ == 0) {
        for (const auto& worker : workers_) {
            if (!worker->is_ending()) {
                worker->stop();
            }
        }
    }
}

// Takes back half of the calls that the busiest worker has not started, for an idle worker.
void ProcessPool::feed(PoolWorker& idle) {
    if (waiting_count_ > 0 || !idle.accepts(prefetch())) {
        return;
    }
    const auto busiest = std::ranges::max_element(
        workers_, {}, [](const auto& worker) { return worker->outstanding(); });
    if (busiest != workers_.end() && (*busiest)->outstanding() > 1) {
        put_back((*busiest)->take_back((*busiest)->outstanding() / 2));
    }
}

// The calls of an ending worker do not count: it either handles them, or its exit puts them back.
std::size_t ProcessPool::wanted_workers() const noexcept {
    std::size_t calls = waiting_count_;
    for (const auto& worker : workers_) {
        calls += worker->is_ending() ? 0 : worker->outstanding();
    }
    return broken_ ? 0 : std::min(max_workers_, calls);
}

void ProcessPool::publish_status() noexcept {
    const auto busy = std::ranges::count_if(
        workers_, [](const auto& worker) { return worker->outstanding() > 0; });
    status_->workers.store(workers_.size(), std::memory_order_relaxed);
    status_->busy.store(static_cast<std::uint64_t>(busy), std::memory_order_relaxed);
    status_->queued.store(waiting_count_, std::memory_order_relaxed);
}

std::size_t ProcessPool::live_workers() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(workers_, [](const auto& worker) { return !worker->is_ending(); }));
}

void ProcessPool::take_all_waiting(std::vector<RemoteCall*>& calls) {
    while (RemoteCall* const call = next_waiting()) {
        drop_next_waiting();
        call->state_ = RemoteCall::State::left;
        calls.push_back(call);
    }
}

bool ProcessPool::withdraw(RemoteCall& call) noexcept {
    {
        const std::scoped_lock lock(lock_);
        switch (call.state_) {
        case RemoteCall::State::left: return false;
        case RemoteCall::State::waiting:
            call.state_ = RemoteCall::State::left; // removed once it is at the front of the queue
            --waiting_count_;
            dispatch();
            return true;
        case RemoteCall::State::sent:
            if (!call.worker_->take_back(call) && !end_worker_of(call)) {
                return false;
            }
        }
    }
    call.release();
    return true;
}

bool ProcessPool::is_started(const RemoteCall& call) noexcept {
    const std::scoped_lock lock(lock_);
    if (call.state_ != RemoteCall::State::sent) {
        return false;
    }
    const PoolWorker::Sent* const front = call.worker_->oldest();
    return front != nullptr && front->call == &call && call.worker_->is_started(*front);
}

void ProcessPool::shutdown(const ShutdownOptions& options) {
    std::vector<RemoteCall*> cancelled;
    {
        const std::scoped_lock lock(lock_);
        shut_down_ = true;
        if (options.cancel_futures) {
            take_all_waiting(cancelled);
            for (const auto& worker : workers_) {
                std::ranges::move(worker->take_back(PoolWorker::unlimited),
                                  std::back_inserter(cancelled));
            }
        }
        dispatch();
    }
    for (RemoteCall* const call : cancelled) {
        call->cancel_future();
        call->release();
    }
    wake_collector();
    starting_.request();
    // A callback that the pool calls must not wait for the pool.
    if (options.wait && supervisor_id_.load() != std::this_thread::get_id() &&
        !collector_.is_this_thread()) {
        const std::scoped_lock lock(join_lock_);
        if (supervisor_.joinable()) {
            supervisor_.join();
        }
    }
}

void ProcessPool::kill_workers() {
    shutdown({.wait = false, .cancel_futures = true});
    const std::scoped_lock lock(lock_);
    for (const auto& worker : workers_) {
        worker->kill();
    }
}

} // namespace hocket::detail
