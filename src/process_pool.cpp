#include "process_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/cpu_pause.hpp"
#include "remote_exception.hpp"

namespace hocket::detail {

namespace {

// So many calls are in a worker's ring at once, the one that runs included: it need not wait for
// its owner between two short ones. What it has not started is taken back when another is idle.
constexpr std::size_t calls_ahead = 128;
constexpr int most_failed_starts = 5;
constexpr engine::Nanoseconds first_back_off = 10'000'000;
constexpr engine::Nanoseconds never = std::numeric_limits<engine::Nanoseconds>::max();

std::string describe_exit(const PoolWorker& worker, int status) {
    const std::string who = "worker " + std::to_string(worker.number()) + " (process " +
                            std::to_string(worker.pid()) + ") ";
    if (status >= 0) {
        return who + "left with exit code " + std::to_string(status);
    }
    const char* const name = ::sigabbrev_np(-status);
    return who + "was ended by SIG" + (name != nullptr ? name : std::to_string(-status));
}

engine::FileDescriptor make_eventfd() {
    engine::FileDescriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor.is_open()) {
        throw std::system_error(errno, std::system_category(), "eventfd for a process pool");
    }
    return descriptor;
}

} // namespace

/// Calls the initializer in a new worker. Its answer is of interest only when it is an error.
class InitializerCall final : public RemoteCall {
public:
    InitializerCall(ProcessPool& owner, void (*initializer)(), GatherBuffer& body)
        : RemoteCall(nullptr), owner_(owner) {
        function = pack_call(body, descriptors, initializer);
        is_initializer = true;
    }
    void complete(std::span<const char>, Descriptors&) noexcept override {}
    void fail(std::exception_ptr error) noexcept override { owner_.on_initializer_failed(error); }
    void cancel_future() noexcept override {}
    void release() noexcept override { delete this; }

private:
    ProcessPool& owner_;
};

bool RemoteCall::withdraw() noexcept { return pool_->withdraw(*this); }
bool RemoteCall::collect_until_done(const FutureStateBase& future) noexcept {
    return pool_->collect_until_done(future);
}
void RemoteCall::wake_collector() noexcept { pool_->wake_collector(); }
bool RemoteCall::is_started() const noexcept { return pool_->is_started(*this); }

void ProcessPool::AnswerWatch::on_ready(std::uint32_t) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(pool_.eventfd_.get(), &count, sizeof count);
    pool_.on_answers();
}

ProcessPool::ProcessPool(std::size_t max_workers, ProcessPoolOptions options)
    : max_workers_(max_workers),
      options_(std::move(options)),
      output_(options_.on_output ? options_.on_output : print_worker_line),
      bell_region_(engine::SharedRegion::create("hocket-pool", sizeof(engine::ReplyBell))),
      bell_(*reinterpret_cast<engine::ReplyBell*>(bell_region_.data())),
      eventfd_(make_eventfd()) {
    if (const auto error =
            reactor_.poller().add(answer_watch_, eventfd_.get(), engine::Watcher::readable)) {
        throw std::system_error(error, "epoll_ctl for a process pool");
    }
    reactor_.set_blocking_hooks(
        {[](void* pool) noexcept { static_cast<ProcessPool*>(pool)->before_sleep(); },
         [](void* pool) noexcept {
             static_cast<ProcessPool*>(pool)->supervisor_sleeps_.store(false);
             static_cast<ProcessPool*>(pool)->bell_.loop_sleeps.store(0, std::memory_order_relaxed);
         },
         this});
}

ProcessPool::~ProcessPool() {
    if (supervisor_.joinable()) {
        // The last one to hold the pool may be the supervisor itself.
        if (supervisor_.get_id() == std::this_thread::get_id()) {
            supervisor_.detach();
        } else {
            supervisor_.join();
        }
    }
    reactor_.poller().remove(answer_watch_);
}

void ProcessPool::start() {
    supervisor_ = std::thread([pool = shared_from_this()] { pool->supervise(); });
}

void ProcessPool::supervise() {
    for (;;) {
        reactor_.poll(true);
        reactor_.run_ready();
        dead_.clear();
        const std::scoped_lock lock(lock_);
        if (shut_down_ && waiting_count_ == 0 && workers_.empty() && undeliverable_.empty()) {
            break;
        }
    }
    if (retry_.is_armed()) {
        reactor_.timers().cancel(retry_);
    }
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
}

void ProcessPool::Collector::enter(engine::SharedBell& bell) noexcept {
    wanted_.store(true, std::memory_order_seq_cst);
    while (!try_enter()) {
        bell.ring();
        busy_.wait(true, std::memory_order_acquire);
    }
    wanted_.store(false, std::memory_order_relaxed);
}

void ProcessPool::Collector::leave() noexcept {
    who_.store(std::thread::id(), std::memory_order_relaxed);
    busy_.store(false, std::memory_order_seq_cst);
    busy_.notify_all();
}

// Either the supervisor sees that nobody else collects any more, or who leaves sees it asleep:
// somebody asks the workers for a call.
void ProcessPool::before_sleep() noexcept {
    supervisor_sleeps_.store(true, std::memory_order_seq_cst);
    if (!has_direct_collector_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
}

// An answer that comes from here on finds the supervisor asleep, and its worker writes to the
// eventfd. For one that came before, this does.
void ProcessPool::call_supervisor_if_answered() noexcept {
    bell_.loop_sleeps.store(1, std::memory_order_seq_cst);
    if (has_answer() && bell_.loop_sleeps.exchange(0, std::memory_order_seq_cst) != 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(eventfd_.get(), &one, sizeof one);
    }
}

bool ProcessPool::has_answer() noexcept {
    const std::scoped_lock lock(lock_);
    return std::ranges::any_of(workers_, [](const auto& worker) { return worker->has_answer(); });
}

bool ProcessPool::collect_until_done(const FutureStateBase& future) noexcept {
    if (!collector_.try_enter()) {
        return false;
    }
    has_direct_collector_.store(true, std::memory_order_seq_cst);
    bell_.loop_sleeps.store(0, std::memory_order_relaxed);
    for (;;) {
        collect();
        if (future.done() || collector_.is_wanted()) {
            break;
        }
        wait_for_answer(future);
    }
    has_direct_collector_.store(false, std::memory_order_seq_cst);
    collector_.leave();
    if (supervisor_sleeps_.load(std::memory_order_seq_cst)) {
        call_supervisor_if_answered();
    }
    return future.done();
}

void ProcessPool::wait_for_answer(const FutureStateBase& future) noexcept {
    const auto is_over = [&] { return has_answer() || future.done() || collector_.is_wanted(); };
    if (options_.spin.count() > 0) {
        const engine::Nanoseconds until = engine::Reactor::now() + options_.spin.count();
        do {
            for (int i = 0; i < 64; ++i) {
                engine::cpu_pause();
                if (std::ranges::any_of(collected_, [](auto* w) { return w->has_answer(); })) {
                    return;
                }
            }
        } while (engine::Reactor::now() < until);
    }
    std::this_thread::yield(); // to a worker that is on this processor
    if (!is_over()) {
        bell_.bell.sleep(-1, is_over);
    }
}

void ProcessPool::on_answers() {
    if (collector_.try_enter()) {
        collect();
        collector_.leave();
    }
    for (const auto& worker : workers_) {
        if (worker->is_ready()) {
            failed_starts_ = 0;
        }
    }
    check_deadlines();
}

void ProcessPool::submit(RemoteCall& call, const GatherBuffer& body) {
    try {
        const std::scoped_lock lock(lock_);
        if (broken_) {
            std::rethrow_exception(broken_);
        }
        if (shut_down_) {
            throw RuntimeError("cannot submit a call to a process pool after its shutdown");
        }
        if (call.priority != 0 && !std::exchange(has_priorities_, true)) {
            // From here on calls are handed out one by one, the most urgent first.
            for (const auto& worker : workers_) {
                put_back(worker->take_back(PoolWorker::unlimited));
            }
        }
        has_timeouts_ |= call.timeout > 0;
        PoolWorker* const worker = waiting_count_ == 0 ? least_busy() : nullptr;
        if (worker != nullptr && worker->send(call, body)) {
            worker->ring();
        } else {
            call.body_.resize(body.size());
            body.copy_to(reinterpret_cast<std::byte*>(call.body_.data()));
            wait_in_queue(call, false);
            if (has_priorities_) {
                dispatch();
            }
        }
        if (live_workers() < wanted_workers()) {
            staffing_.ask();
        }
    } catch (...) {
        call.release();
        throw;
    }
    if (call.timeout > 0) {
        deadlines_.ask();
    }
}

void ProcessPool::wait_in_queue(RemoteCall& call, bool first) {
    auto& queue = waiting_[call.priority];
    if (first) {
        queue.push_front(&call);
    } else {
        queue.push_back(&call);
    }
    call.place_ = RemoteCall::Place::queue;
    ++waiting_count_;
}

void ProcessPool::put_back(const std::vector<RemoteCall*>& calls) {
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
        wait_in_queue(**call, true);
    }
}

// The first that waits and was not withdrawn; nullptr when none does.
RemoteCall* ProcessPool::next_waiting() {
    while (!waiting_.empty()) {
        auto& queue = waiting_.begin()->second;
        while (!queue.empty()) {
            if (queue.front()->place_ == RemoteCall::Place::queue) {
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

// Hands out what waits for as long as workers have room.
void ProcessPool::dispatch() {
    while (RemoteCall* const call = next_waiting()) {
        PoolWorker* const worker = least_busy();
        GatherBuffer body;
        body.write(call->body_.data(), call->body_.size());
        try {
            if (worker == nullptr || !worker->send(*call, body)) {
                break;
            }
        } catch (...) {
            // Its future is told without the lock, for its callbacks may come back here.
            drop_next_waiting();
            call->place_ = RemoteCall::Place::left;
            undeliverable_.emplace_back(call, std::current_exception());
            undelivered_.ask();
            continue;
        }
        drop_next_waiting();
        call->body_ = {};
        worker->ring();
    }
    if (shut_down_ && waiting_count_ == 0) {
        for (const auto& worker : workers_) {
            if (!worker->is_ending()) {
                worker->stop();
            }
        }
    }
}

// An idle worker gets half of what the busiest one has not started.
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

// What a worker that ends still has is its own affair: it does it, or its exit puts it back.
std::size_t ProcessPool::wanted_workers() const noexcept {
    std::size_t calls = waiting_count_;
    for (const auto& worker : workers_) {
        calls += worker->is_ending() ? 0 : worker->outstanding();
    }
    return broken_ ? 0 : std::min(max_workers_, calls);
}

std::size_t ProcessPool::live_workers() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(workers_, [](const auto& worker) { return !worker->is_ending(); }));
}

void ProcessPool::collect() {
    {
        const std::scoped_lock lock(lock_);
        collected_.clear();
        for (const auto& worker : workers_) {
            collected_.push_back(worker.get());
        }
    }
    for (PoolWorker* const worker : collected_) {
        collect_from(*worker);
    }
    const std::scoped_lock lock(lock_);
    for (const auto& worker : workers_) {
        if (worker->outstanding() == 0) {
            feed(*worker);
        }
    }
    dispatch();
}

void ProcessPool::collect_from(PoolWorker& worker) {
    while (worker.has_answer()) {
        PoolWorker::Answer answer = [&] {
            const std::scoped_lock lock(lock_);
            return worker.take_answer();
        }();
        if (answer.call != nullptr) {
            if (answer.is_exception) {
                msgpack::zone zone;
                const DescriptorScope scope(answer.descriptors);
                answer.call->fail(unpack_exception(unpack_object(zone, answer.body)));
            } else {
                answer.call->complete(answer.body, answer.descriptors);
            }
            answer.call->release();
        }
        worker.answer_taken();
    }
}

// Starts workers for the calls there are.
void ProcessPool::staff() {
    for (;;) {
        {
            const std::scoped_lock lock(lock_);
            if (retry_.is_armed() || live_workers() >= wanted_workers()) {
                return;
            }
        }
        start_one_worker();
    }
}

void ProcessPool::start_one_worker() {
    try {
        auto worker = std::make_unique<PoolWorker>(
            reactor_.poller(), next_number_++, bell_region_, eventfd_.get(), options_.spin.count(),
            output_, [this](PoolWorker& ended, int status) { on_worker_exit(ended, status); });
        const std::scoped_lock lock(lock_);
        if (options_.initializer != nullptr) {
            GatherBuffer body;
            auto* const call = new InitializerCall(*this, options_.initializer, body);
            static_cast<void>(worker->send(*call, body)); // the ring is empty
            worker->ring();
        }
        if (options_.max_tasks_per_child > 0) {
            worker->limit_calls(options_.max_tasks_per_child);
        }
        workers_.push_back(std::move(worker));
        feed(*workers_.back());
        dispatch();
    } catch (const std::exception& error) {
        count_failed_start(error.what());
    }
}

void ProcessPool::count_failed_start(const std::string& why) {
    Failures failures;
    if (++failed_starts_ < most_failed_starts) {
        if (!retry_.is_armed()) {
            reactor_.timers().arm(retry_, engine::Reactor::now() +
                                              (first_back_off << (failed_starts_ - 1)));
        }
    } else {
        const std::scoped_lock lock(lock_);
        break_pool(std::make_exception_ptr(BrokenExecutor(
                       "the process pool is broken: " + std::to_string(most_failed_starts) +
                       " workers in a row could not be started; the last one: " + why)),
                   failures);
    }
    fail_all(failures);
}

void ProcessPool::fail_undeliverable() {
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        failures.swap(undeliverable_);
    }
    fail_all(failures);
}

void ProcessPool::fail_all(const Failures& failures) {
    for (const auto& [call, error] : failures) {
        call->fail(error);
        call->release();
    }
    wake_collector();
}

void ProcessPool::on_worker_exit(PoolWorker& worker, int status) {
    // From here to the end of its entry in workers_ nobody else takes its answers.
    collector_.enter(bell_.bell);
    collect_from(worker);
    const std::string words = worker.last_words();
    std::string what = describe_exit(worker, status);
    if (!words.empty()) {
        what += "; it said last: " + words;
    }
    bool failed_start = !worker.is_ready();
    RemoteCall* victim = nullptr;
    {
        const std::scoped_lock lock(lock_);
        if (const PoolWorker::Sent* front = worker.oldest();
            front != nullptr && worker.is_started(*front)) {
            victim = front->call;
        }
        std::vector<RemoteCall*> unstarted = worker.take_back(PoolWorker::unlimited);
        std::erase_if(unstarted, [](RemoteCall* call) {
            if (call->is_initializer) {
                call->release();
                return true;
            }
            return false;
        });
        put_back(unstarted);
        if (victim != nullptr) {
            victim->place_ = RemoteCall::Place::left;
            failed_start |= victim->is_initializer;
        }
        const auto place = std::ranges::find(workers_, &worker, &std::unique_ptr<PoolWorker>::get);
        dead_.push_back(std::move(*place));
        workers_.erase(place);
        dispatch();
    }
    collector_.leave();
    if (victim != nullptr) {
        if (!victim->is_initializer) {
            victim->fail(std::make_exception_ptr(
                WorkerDied(what + ", while it ran " +
                               (victim->name.empty() ? "this call" : "'" + victim->name + "'"),
                           worker.pid(), status, words)));
        }
        victim->release();
    }
    if (failed_start) {
        count_failed_start(what);
    }
    wake_collector();
    staff();
}

void ProcessPool::on_initializer_failed(const std::exception_ptr& error) {
    std::string why = "its initializer threw";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        why += std::string(": ") + e.what();
    } catch (...) {
    }
    Failures failures;
    {
        const std::scoped_lock lock(lock_);
        break_pool(std::make_exception_ptr(BrokenExecutor("the process pool is broken: " + why)),
                   failures);
    }
    fail_all(failures);
}

// Everything that waits or runs fails for the same reason; the workers are ended.
void ProcessPool::break_pool(const std::exception_ptr& why, Failures& failures) {
    broken_ = why;
    std::vector<RemoteCall*> calls;
    take_all_waiting(calls);
    for (const auto& worker : workers_) {
        std::ranges::move(worker->take_back(PoolWorker::unlimited), std::back_inserter(calls));
        if (const PoolWorker::Sent* front = worker->oldest();
            front != nullptr && front->call != nullptr && !front->call->is_initializer) {
            front->call->place_ = RemoteCall::Place::left;
            calls.push_back(front->call);
            worker->give_up(*front->call);
        }
        worker->kill();
    }
    for (RemoteCall* const call : calls) {
        failures.emplace_back(call, why);
    }
}

void ProcessPool::take_all_waiting(std::vector<RemoteCall*>& calls) {
    while (RemoteCall* const call = next_waiting()) {
        drop_next_waiting();
        call->place_ = RemoteCall::Place::left;
        calls.push_back(call);
    }
}

bool ProcessPool::withdraw(RemoteCall& call) noexcept {
    {
        const std::scoped_lock lock(lock_);
        switch (call.place_) {
        case RemoteCall::Place::left: return false;
        case RemoteCall::Place::queue:
            call.place_ = RemoteCall::Place::left; // whoever finds it in the queue lets go of it
            --waiting_count_;
            dispatch();
            return true;
        case RemoteCall::Place::worker:
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
    if (call.place_ != RemoteCall::Place::worker) {
        return false;
    }
    const PoolWorker::Sent* const front = call.worker_->oldest();
    return front != nullptr && front->call == &call && call.worker_->is_started(*front);
}

// Whatever else the worker was sent is taken back first, so that no other call dies with this one.
bool ProcessPool::end_worker_of(RemoteCall& call) {
    PoolWorker& worker = *call.worker_;
    put_back(worker.take_back(PoolWorker::unlimited));
    const PoolWorker::Sent* const front = worker.oldest();
    const bool runs = front != nullptr && front->call == &call && !worker.has_answer();
    if (runs) {
        worker.give_up(call);
        call.worker_ = nullptr;
        call.place_ = RemoteCall::Place::left;
        worker.kill();
    }
    dispatch();
    staffing_.ask();
    return runs;
}

void ProcessPool::check_deadlines() {
    Failures late;
    const engine::Nanoseconds now = engine::Reactor::now();
    engine::Nanoseconds next = never;
    {
        const std::scoped_lock lock(lock_);
        if (!has_timeouts_) {
            return;
        }
        for (const auto& worker : workers_) {
            const PoolWorker::Sent* const front = worker->oldest();
            RemoteCall* const call = front != nullptr ? front->call : nullptr;
            if (call != nullptr && call->timeout > 0 && worker->is_started(*front)) {
                const engine::Nanoseconds due = worker->started_at() + call->timeout;
                if (due > now) {
                    next = std::min(next, due);
                } else if (end_worker_of(*call)) {
                    late.emplace_back(call, std::make_exception_ptr(TimeoutError(
                                                "the call ran for longer than its timeout of " +
                                                std::to_string(call->timeout / 1'000'000) +
                                                " ms; its worker was ended")));
                }
            }
            // What has not started cannot be late before this.
            if (const std::int64_t shortest = worker->shortest_timeout(); shortest < never - now) {
                next = std::min(next, now + shortest);
            }
        }
    }
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
    if (next != never) {
        reactor_.timers().arm(deadline_, next);
    }
    fail_all(late);
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
    staffing_.ask();
    // A callback that is called by the pool cannot wait for it.
    if (options.wait && supervisor_.get_id() != std::this_thread::get_id() &&
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
