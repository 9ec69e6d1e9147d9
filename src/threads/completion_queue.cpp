#include <hocket/detail/threads/completion_queue.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace hocket::detail {

class CompletionQueue::Completed {
public:
    void put(FuturePointer<FutureStateBase> future) {
        const std::scoped_lock lock(mutex_);
        done_.push_back(std::move(future));
        is_there_.notify_one();
    }
    FuturePointer<FutureStateBase> take() {
        std::unique_lock lock(mutex_);
        is_there_.wait(lock, [this] { return !done_.empty(); });
        FuturePointer<FutureStateBase> first = std::move(done_.front());
        done_.pop_front();
        return first;
    }

private:
    std::mutex mutex_;
    std::condition_variable is_there_;
    std::deque<FuturePointer<FutureStateBase>> done_;
};

CompletionQueue::CompletionQueue() : completed_(std::make_shared<Completed>()) {}

void CompletionQueue::put(FutureStateBase& done) const {
    done.ref(); // for the queue
    completed_->put(FuturePointer<FutureStateBase>(&done));
}

FuturePointer<FutureStateBase> CompletionQueue::take() const { return completed_->take(); }

} // namespace hocket::detail
