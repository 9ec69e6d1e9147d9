#include "engine/pool/pool_core.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>

#include <sys/eventfd.h>

#include "engine/last_error.hpp"
#include "engine/trace.hpp"

namespace hocket::engine {

namespace {

FileDescriptor make_answer_eventfd() {
    FileDescriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor.is_open()) {
        throw_errno("eventfd for a process pool");
    }
    return descriptor;
}

} // namespace

PoolCore::PoolCore(const PoolCoreOptions& options, WorkerStarter& starter)
    : options_(options),
      max_workers_(options.max_workers),
      starter_(starter),
      notifier_region_(MemoryMapping::create("pool", sizeof(ReplyNotifier))),
      notifier_(*reinterpret_cast<ReplyNotifier*>(notifier_region_.data())),
      eventfd_(make_answer_eventfd()) {
    status_->max_workers.store(options_.max_workers, std::memory_order_relaxed);
    if (const auto error = reactor_.poller().add(*this, eventfd_.fileno(), Watcher::readable)) {
        throw std::system_error(error, "epoll_ctl for a process pool");
    }
    reactor_.set_blocking_hooks(
        {[](void* pool) noexcept { static_cast<PoolCore*>(pool)->before_sleep(); },
         [](void* pool) noexcept {
             static_cast<PoolCore*>(pool)->supervisor_sleeps_.store(false);
             static_cast<PoolCore*>(pool)->notifier_.loop_sleeps.store(0,
                                                                       std::memory_order_relaxed);
         },
         this});
}

PoolCore::~PoolCore() {
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

std::optional<PoolFailure> PoolCore::submit(PoolCall& call, ByteRanges ranges) {
    trace(TraceKind::submit, reinterpret_cast<std::uintptr_t>(&call));
    trace_text(call.name);
    {
        const std::scoped_lock lock(lock_);
        if (broken_) {
            return broken_;
        }
        if (shut_down_) {
            return PoolFailure{PoolFailure::Code::shut_down,
                               "cannot submit a call to a process pool after its shutdown"};
        }
        if (call.priority != 0 && !std::exchange(has_priorities_, true)) {
            // From now on, hand out calls one by one, the most urgent first.
            for (const auto& worker : workers_) {
                put_back(worker->take_back(PoolWorker::unlimited));
            }
        }
        has_timeouts_ |= call.timeout > 0;
        const CallBody body(ranges);
        PoolWorker* const worker = waiting_.empty() ? least_busy() : nullptr;
        auto sending = PoolWorker::Sending::full;
        if (worker != nullptr) {
            std::optional<PoolFailure> why;
            sending = worker->send(call, body, why);
            if (sending == PoolWorker::Sending::refused) {
                return why;
            }
        }
        if (sending == PoolWorker::Sending::sent) {
            worker->wake();
            worker->flush();
        } else {
            waiting_.push_back(call, body.take());
            if (has_priorities_) {
                dispatch();
            }
        }
        if (live_workers() < wanted_workers()) {
            starting_.request();
        }
        add(status_->submitted, 1);
        publish_status();
    }
    if (call.timeout > 0) {
        deadlines_.request();
    }
    return std::nullopt;
}

void PoolCore::put_back(const PoolWorker::Calls& calls) { waiting_.push_front(calls); }

// Workers take as many calls ahead as they want, so that they need not wait for their owner between
// two short calls; with priorities, none.
std::size_t PoolCore::prefetch() const noexcept {
    return has_priorities_ ? 1 : PoolWorker::unlimited;
}

PoolWorker* PoolCore::least_busy() noexcept {
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
void PoolCore::dispatch() {
    bool was_sent = false;
    while (PoolCall* const call = waiting_.front()) {
        PoolWorker* const worker = least_busy();
        if (worker == nullptr) {
            break;
        }
        std::optional<PoolFailure> why;
        const auto sending = worker->send(*call, CallBody(call->body_), why);
        if (sending == PoolWorker::Sending::full) {
            break;
        }
        waiting_.pop_front();
        call->body_ = {};
        if (sending == PoolWorker::Sending::refused) {
            // Complete its future later, without the lock: its callbacks may call this pool.
            call->state_ = PoolCall::State::left;
            undeliverable_.emplace_back(call, *std::move(why));
            undelivered_.request();
        } else {
            worker->wake();
            was_sent = true;
            if (call->timeout > 0) {
                deadlines_.request(); // this may be another thread than the supervisor
            }
        }
    }
    if (was_sent) {
        for (const auto& worker : workers_) {
            worker->flush();
        }
    }
    if (shut_down_ && waiting_.empty()) {
        for (const auto& worker : workers_) {
            if (!worker->is_ending()) {
                worker->stop();
            }
        }
    }
}

// Takes back half of the calls that the busiest worker has not started, for an idle worker.
void PoolCore::feed(PoolWorker& idle) {
    if (!waiting_.empty() || !idle.accepts(prefetch())) {
        return;
    }
    const auto busiest = std::ranges::max_element(
        workers_, {}, [](const auto& worker) { return worker->outstanding(); });
    if (busiest != workers_.end() && (*busiest)->outstanding() > 1) {
        put_back((*busiest)->take_back((*busiest)->outstanding() / 2));
    }
}

// The calls of an ending worker do not count: it either handles them, or its exit puts them back.
std::size_t PoolCore::wanted_workers() const noexcept {
    std::size_t calls = waiting_.size();
    for (const auto& worker : workers_) {
        calls += worker->is_ending() ? 0 : worker->outstanding();
    }
    return broken_ ? 0 : std::min(max_workers(), calls);
}

std::size_t PoolCore::live_workers() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(workers_, [](const auto& worker) { return !worker->is_ending(); }));
}

void PoolCore::publish_status() noexcept {
    const auto busy = std::ranges::count_if(
        workers_, [](const auto& worker) { return worker->outstanding() > 0; });
    status_->workers.store(workers_.size(), std::memory_order_relaxed);
    status_->busy.store(static_cast<std::uint64_t>(busy), std::memory_order_relaxed);
    status_->queued.store(waiting_.size(), std::memory_order_relaxed);
}

bool PoolCore::withdraw(PoolCall& call) noexcept {
    {
        const std::scoped_lock lock(lock_);
        switch (call.state_) {
        case PoolCall::State::left: return false;
        case PoolCall::State::waiting:
            waiting_.withdraw(call);
            dispatch();
            return true;
        case PoolCall::State::sent:
            if (!call.worker_->take_back(call) && !end_worker_of(call)) {
                return false;
            }
        }
    }
    call.release();
    return true;
}

bool PoolCore::is_started(const PoolCall& call) noexcept {
    const std::scoped_lock lock(lock_);
    return call.state_ == PoolCall::State::sent && call.worker_->running() == &call;
}

// Lets the worker's other calls go on elsewhere.
bool PoolCore::end_worker_of(PoolCall& call) {
    PoolWorker::Calls others;
    const bool is_ended = call.worker_->end_call(call, others);
    put_back(others);
    dispatch();
    starting_.request();
    return is_ended;
}

void PoolCore::shutdown(bool wait, bool cancel_calls) {
    PoolWorker::Calls cancelled;
    {
        const std::scoped_lock lock(lock_);
        shut_down_ = true;
        if (cancel_calls) {
            cancels_ = true;
            waiting_.take_all(cancelled);
            for (const auto& worker : workers_) {
                std::ranges::move(worker->take_back(PoolWorker::unlimited),
                                  std::back_inserter(cancelled));
            }
        }
        dispatch();
    }
    cancel_all(cancelled);
    starting_.request();
    // A callback that the pool calls must not wait for the pool.
    if (wait && supervisor_id_.load() != std::this_thread::get_id() &&
        !collector_.is_this_thread()) {
        const std::scoped_lock lock(join_lock_);
        if (supervisor_.joinable()) {
            supervisor_.join();
        }
    }
}

void PoolCore::cancel_all(const PoolWorker::Calls& calls) noexcept {
    for (PoolCall* const call : calls) {
        call->cancel_future();
        call->release();
    }
    wake_collector();
}

void PoolCore::set_max_workers(std::size_t max_workers) {
    max_workers_.store(max_workers, std::memory_order_relaxed);
    status_->max_workers.store(max_workers, std::memory_order_relaxed);
    starting_.request();
}

void PoolCore::kill_workers() {
    shutdown(false, true);
    const std::scoped_lock lock(lock_);
    for (const auto& worker : workers_) {
        worker->kill();
    }
}

} // namespace hocket::engine
