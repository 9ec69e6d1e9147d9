#include <hocket/thread_pool_executor.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <hocket/errors.hpp>

#include "report.hpp"

namespace hocket {

class ThreadPoolExecutor::Pool {
public:
    Pool(std::size_t max_workers, ThreadPoolOptions options)
        : max_workers_(max_workers), options_(std::move(options)) {}

    void enqueue(std::unique_ptr<detail::Work> work) {
        const std::scoped_lock lock(mutex_);
        if (broken_) {
            throw BrokenExecutor("the thread pool is broken: its initializer threw");
        }
        if (shut_down_) {
            throw RuntimeError("cannot submit work to an executor after its shutdown");
        }
        queue_.push_back(std::move(work));
        if (idle_ > 0) {
            --idle_; // that thread is spoken for
            available_.notify_one();
        } else if (threads_.size() < max_workers_) {
            threads_.emplace_back([this, index = threads_.size()] { work_off(index); });
        }
    }

    void shutdown(const ShutdownOptions& options) {
        std::deque<std::unique_ptr<detail::Work>> cancelled;
        std::vector<std::thread> ending;
        {
            const std::scoped_lock lock(mutex_);
            shut_down_ = true;
            if (options.cancel_futures) {
                cancelled.swap(queue_);
            }
            available_.notify_all();
            if (options.wait) {
                ending.swap(threads_);
            }
        }
        for (const auto& work : cancelled) {
            work->cancel();
        }
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
        std::unique_lock lock(mutex_);
        for (;;) {
            while (queue_.empty()) {
                if (shut_down_) {
                    return;
                }
                ++idle_;
                available_.wait(lock);
                // Not counted by enqueue when woken for another reason: queue_ tells.
                idle_ = queue_.empty() && idle_ > 0 ? idle_ - 1 : idle_;
            }
            std::unique_ptr<detail::Work> work = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            work->run();
            work.reset();
            lock.lock();
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
        std::deque<std::unique_ptr<detail::Work>> lost;
        {
            const std::scoped_lock lock(mutex_);
            broken_ = true;
            lost.swap(queue_);
        }
        for (const auto& work : lost) {
            work->cancel();
        }
        return false;
    }

    const std::size_t max_workers_;
    const ThreadPoolOptions options_;
    std::mutex mutex_;
    std::condition_variable available_;
    std::deque<std::unique_ptr<detail::Work>> queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0; // threads that wait and that nobody has notified
    bool shut_down_ = false;
    bool broken_ = false;
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

void ThreadPoolExecutor::enqueue(std::unique_ptr<detail::Work> work) {
    pool_->enqueue(std::move(work));
}

} // namespace hocket
