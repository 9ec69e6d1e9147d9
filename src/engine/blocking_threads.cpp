#include "engine/blocking_threads.hpp"

#include <csignal>
#include <system_error>
#include <thread>

#include "engine/per_process.hpp"

namespace hocket::engine {

namespace {

struct LongOpenThreads : BlockingThreads {
    LongOpenThreads() noexcept : BlockingThreads(512, 1) {}
};

} // namespace

BlockingThreads& BlockingThreads::for_names() {
    static PerProcess<BlockingThreads> threads;
    return threads.get();
}

BlockingThreads& BlockingThreads::for_files() {
    static PerProcess<BlockingThreads> threads;
    return threads.get();
}

BlockingThreads& BlockingThreads::for_long_opens() {
    static PerProcess<LongOpenThreads> threads;
    return threads.get();
}

bool BlockingThreads::submit(BlockingWork& work) noexcept {
    const std::lock_guard lock(mutex_);
    queue_.push_back(work);
    ++queued_;
    if (idle_ >= queued_ || count_ >= most_ || start_thread()) {
        wake_.notify_one();
    } else if (count_ == 0) {
        queue_.erase(work);
        --queued_;
        return false;
    }
    return true;
}

bool BlockingThreads::withdraw(BlockingWork& work) noexcept {
    const std::lock_guard lock(mutex_);
    if (!work.is_linked()) {
        return false;
    }
    queue_.erase(work);
    --queued_;
    return true;
}

bool BlockingThreads::start_thread() noexcept {
    // Only the program's own threads should receive signals.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = true;
    try {
        std::thread(&BlockingThreads::work, this).detach();
        ++count_;
    } catch (const std::system_error&) {
        is_started = false; // the existing threads must suffice
    } catch (const std::bad_alloc&) {
        is_started = false;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return is_started;
}

void BlockingThreads::work() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (queue_.empty() && count_ > kept_) {
            --count_;
            return;
        }
        ++idle_;
        wake_.wait(lock, [this] { return !queue_.empty(); });
        --idle_;
        BlockingWork* const work = queue_.pop_front();
        --queued_;
        lock.unlock();
        work->perform();
        lock.lock();
    }
}

} // namespace hocket::engine
