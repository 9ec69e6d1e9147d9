#include "cluster/cluster_pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <sys/random.h>

#include <hocket/errors.hpp>

#include "engine/format_seconds.hpp"
#include "engine/last_error.hpp"
#include "processes/start/start_stream_worker.hpp"

namespace hocket::detail {

namespace {

// Starting a cluster on this machine takes longer than joining one.
constexpr std::chrono::nanoseconds time_to_start_a_cluster = std::chrono::seconds(60);

// In milliseconds.
constexpr int time_to_leave = 8'000; // the bridge itself gives up before
constexpr int time_to_exit = 500;

std::string random_token() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
        engine::throw_errno("getrandom");
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        text += {digits[byte >> 4], digits[byte & 15]};
    }
    return text;
}

ProcessPoolOptions pool_options(const ClusterOptions& options) {
    return {.initializer = options.initializer, .max_tasks_per_child = options.max_tasks_per_child};
}

std::chrono::nanoseconds time_to_join(const ClusterOptions& options) {
    return options.address.empty() ? std::max(options.connect_timeout, time_to_start_a_cluster)
                                   : options.connect_timeout;
}

} // namespace

ClusterPool::ClusterPool(ClusterOptions options)
    : options_(std::move(options)),
      output_(options_.on_output ? options_.on_output : print_worker_line),
      pool_(0, pool_options(options_), *this), // it gets workers when the cluster has been joined
      bridge_(pool_.core().reactor().poller(), *this),
      arrivals_(pool_.core().reactor(), *this) {}

std::shared_ptr<ClusterPool> ClusterPool::start(ClusterOptions options) {
    options.check();
    auto cluster = std::make_shared<ClusterPool>(std::move(options));
    cluster->bridge_.start(cluster->options_.python);
    cluster->bridge_.send(cluster->options_.describe());
    cluster->set_timer(cluster->deadline_, time_to_join(cluster->options_));
    cluster->pool_.core().start(cluster);
    return cluster;
}

std::unique_ptr<engine::PoolWorker> ClusterPool::start_worker(engine::PoolCore& pool, int number) {
    auto slot = std::make_shared<Slot>();
    slot->options = stream_options(random_token());
    slot->options.hello_timeout = options_.connect_timeout.count();
    engine::StreamPeer peer;
    // Holds the slot, whose options the worker uses.
    peer.on_end = [this, number, slot] { on_worker_ended(number); };
    auto worker =
        std::make_unique<engine::StreamWorker>(pool, number, std::move(peer), slot->options);
    slot->worker = worker.get();
    slots_[number] = slot;
    bridge_.send({"start", std::to_string(number), owner_address_, slot->options.hello.token});
    return worker;
}

void ClusterPool::on_worker_ended(int number) {
    slots_.erase(number);
    bridge_.send({"end", std::to_string(number)});
}

void ClusterPool::set_timer(engine::Timer& timer, std::chrono::nanoseconds time) {
    engine::TimerQueue& timers = pool_.core().reactor().timers();
    if (timer.is_armed()) {
        timers.cancel(timer);
    }
    timers.arm(timer, engine::Reactor::now() + time.count());
}

// The bridge looks at the nodes every second. If the cluster does not answer, it says so itself,
// unless the engine's library stops the whole interpreter, as Ray's does without its head.
void ClusterPool::on_silence() {
    break_down("nothing was heard of it for " + engine::format_seconds(longest_silence));
}

void ClusterPool::on_deadline() {
    if (!has_joined_ && !is_late_) {
        is_late_ = true;
        bridge_.hang_up(); // what it has to say may be in its buffers until it ends
        set_timer(deadline_, std::chrono::milliseconds(time_to_exit));
    } else if (!has_joined_) {
        give_up_joining({});
    } else if (!has_room_) {
        std::string needs;
        for (const auto& [name, amount] : options_.resources) {
            needs += (needs.empty() ? "" : ", ") + std::to_string(amount) + " of " + name;
        }
        break_down("no node has room for a worker" +
                   (needs.empty() ? "" : ", which needs " + needs) +
                   ". If nodes are added on demand, set the option .max_workers");
    }
}

void ClusterPool::on_bridge_ended(const std::string& how) {
    if (is_late_) {
        give_up_joining("; the Python process " + how);
    } else {
        break_down("the Python process that had joined it " + how);
    }
}

void ClusterPool::give_up_joining(const std::string& how) {
    const char* const advice = how.find("InvalidAuthToken") == std::string::npos
                                   ? ""
                                   : "\nThe cluster asks for a token: set the option .auth_token";
    break_down(
        (options_.address.empty() ? "it did not start within " : "could not join it within ") +
        engine::format_seconds(time_to_join(options_)) + how + advice);
}

void ClusterPool::break_down(const std::string& why) {
    if (std::exchange(is_broken_, true)) {
        return;
    }
    const std::string text =
        "the executor is broken: the " + options_.engine + " cluster" +
        (options_.address.empty() ? " on this machine" : " at " + options_.address) +
        " cannot be used: " + why;
    bridge_.hang_up();
    if (silence_.is_armed()) {
        pool_.core().reactor().timers().cancel(silence_);
    }
    fail_waiting(std::make_exception_ptr(BrokenExecutor(text)));
    pool_.core().break_down({engine::PoolFailure::Code::broken, text});
}

void ClusterPool::fail_waiting(std::exception_ptr why) noexcept {
    std::vector<Promise<std::vector<ClusterNode>>> waiting;
    {
        const std::scoped_lock lock(mutex_);
        broken_ = broken_ ? broken_ : why;
        waiting.swap(waiting_);
    }
    for (auto& promise : waiting) {
        if (promise.set_running_or_notify_cancel()) {
            promise.set_exception(why);
        }
    }
}

void ClusterPool::end() noexcept {
    arrivals_.stop();
    for (auto* const timer : {&deadline_, &silence_}) {
        if (timer->is_armed()) {
            pool_.core().reactor().timers().cancel(*timer);
        }
    }
    bridge_.end(has_joined_ ? time_to_leave : time_to_exit);
    fail_waiting(std::make_exception_ptr(BrokenExecutor("the executor was shut down")));
}

Future<std::vector<ClusterNode>> ClusterPool::nodes() {
    Promise<std::vector<ClusterNode>> promise;
    auto future = promise.get_future();
    const std::scoped_lock lock(mutex_);
    if (broken_) {
        promise.set_exception(broken_);
    } else if (knows_nodes_) {
        promise.set_result(nodes_);
    } else {
        waiting_.push_back(std::move(promise));
    }
    return future;
}

} // namespace hocket::detail
