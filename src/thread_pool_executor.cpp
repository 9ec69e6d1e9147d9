#include <hocket/thread_pool_executor.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include <hocket/errors.hpp>

#include "report.hpp"

namespace hocket {

namespace {

/// First in, first out; what it holds is linked through the work itself.
class WorkQueue {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void push(detail::Work& work) noexcept {
        work.next_work = nullptr;
        (size_ == 0 ? first_ : last_->next_work) = &work;
        last_ = &work;
        ++size_;
    }
    detail::Work& pop() noexcept {
        detail::Work& work = *first_;
        first_ = work.next_work;
        --size_;
        return work;
    }
    void discard_all() noexcept {
        while (size_ > 0) {
            pop().discard();
        }
    }

private:
    detail::Work* first_ = nullptr;
    detail::Work* last_ = nullptr;
    std::size_t size_ = 0;
};

/// Where threads without work sleep. Not std::counting_semaphore: that spins first, which on a busy
/// machine hands the processor to and fro for every piece of work.
class Bedroom {
public:
    void sleep() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return wakeups_ > 0; });
        --wakeups_;
    }
    void wake(std::size_t threads) {
        {
            const std::scoped_lock lock(mutex_);
            wakeups_ += threads;
        }
        threads == 1 ? changed_.notify_one() : changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t wakeups_ = 0;
};

} // namespace

class ThreadPoolExecutor::Pool {
public:
    Pool(std::size_t max_workers, ThreadPoolOptions options)
        : max_workers_(max_workers), options_(std::move(options)) {}

    void enqueue(detail::Work& work) {
        bool wake_one = false;
        {
            const std::scoped_lock lock(lock_);
            if (broken_) {
                throw BrokenExecutor("the thread pool is broken: its initializer threw");
            }
            if (shut_down_) {
                throw RuntimeError("cannot submit work to an executor after its shutdown");
            }
            queue_.push(work);
            if (idle_ > 0) {
                --idle_; // that thread is spoken for
                wake_one = true;
            } else if (threads_.size() < max_workers_) {
                threads_.emplace_back([this, index = threads_.size()] { work_off(index); });
            }
        }
        if (wake_one) {
            bedroom_.wake(1);
        }
    }

    void shutdown(const ShutdownOptions& options) {
        WorkQueue cancelled;
        std::vector<std::thread> ending;
        std::size_t sleeping = 0;
        {
            const std::scoped_lock lock(lock_);
            shut_down_ = true;
            sleeping = std::exchange(idle_, 0);
            if (options.cancel_futures) {
                std::swap(cancelled, queue_);
            }
            if (options.wait) {
                ending.swap(threads_);
            }
        }
        bedroom_.wake(sleeping);
        cancelled.discard_all();
        for (std::thread& thread : ending) {
            thread.join();
        }
    }

private:
    void work_off(std::size_t index) {
        if (!options_.thread_name_prefix.empty()) {
            // The kernel keeps 15 characters.
            const std::string name = options_.thread_name_prefix + "_" + std::to_string(index);
            ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        }
        if (!initialize()) {
            return;
        }
        while (detail::Work* work = take()) {
            work->run();
        }
    }

    /// Waits for work; nullptr when there will be no more. Lets others run once before it sleeps:
    /// whoever submits may be in the middle of a batch, on this very processor.
    detail::Work* take() {
        for (bool gave_way = false;; gave_way = !gave_way) {
            {
                const std::scoped_lock lock(lock_);
                if (queue_.size() > 0) {
                    return &queue_.pop();
                }
                if (shut_down_) {
                    return nullptr;
                }
                idle_ += gave_way ? 1 : 0;
            }
            if (gave_way) {
                bedroom_.sleep();
            } else {
                std::this_thread::yield();
            }
        }
    }

    bool initialize() {
        if (!options_.initializer) {
            return true;
        }
        try {
            options_.initializer();
            return true;
        } catch (...) {
            detail::report_thread_exception("exception in a thread pool's initializer",
                                            std::current_exception());
        }
        WorkQueue lost;
        {
            const std::scoped_lock lock(lock_);
            broken_ = true;
            std::swap(lost, queue_);
        }
        lost.discard_all();
        return false;
    }

    const std::size_t max_workers_;
    const ThreadPoolOptions options_;
    detail::BriefLock lock_; // guards all below
    WorkQueue queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0; // threads that sleep, or are about to, and have no wake-up coming
    bool shut_down_ = false;
    bool broken_ = false;
    Bedroom bedroom_;
};

namespace {

std::size_t default_workers() {
    return std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4);
}

} // namespace

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers, ThreadPoolOptions options)
    : pool_(std::make_unique<Pool>(max_workers == 0 ? default_workers() : max_workers,
                                   std::move(options))) {}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    pool_->shutdown({.wait = true, .cancel_futures = false});
}

void ThreadPoolExecutor::shutdown(ShutdownOptions options) { pool_->shutdown(options); }

void ThreadPoolExecutor::enqueue(detail::Work& work) { pool_->enqueue(work); }

} // namespace hocket
