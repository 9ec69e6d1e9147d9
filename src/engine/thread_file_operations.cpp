#include "engine/thread_file_operations.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "engine/long_open.hpp"

namespace hocket::engine {

void ThreadFileOperations::start(FileOperation& operation, const FileRequest& request) noexcept {
    operation.request_ = request;
    enlist(operation);
    if (!BlockingThreads::for_files().submit(operation.work_)) {
        // Blocking the loop is better than failing a file operation because no thread could be
        // started.
        operation.work_.perform();
    }
}

void ThreadFileOperations::enlist(FileOperation& operation) noexcept {
    operation.operations_ = this;
    operation.is_cancel_requested_ = false;
    operation.state_ = FileOperation::State::queued;
    pending_.push_back(operation);
}

void ThreadFileOperations::start_long_open(FileOperation& operation,
                                           FileDescriptor partner) noexcept {
    enlist(operation);
    const std::lock_guard lock(mutex_);
    operation.long_open_ = LongOpen::start(operation, std::move(partner));
    if (operation.long_open_ == nullptr) {
        operation.result_ = -EAGAIN; // as when a process can have no more threads
        add_done(operation);
    }
}

bool ThreadFileOperations::set_aside(FileOperation& operation) noexcept {
    const FileRequest& request = operation.request_;
    struct ::stat status {};
    if (request.kind != FileRequest::Call::open || (request.flags & O_NONBLOCK) != 0 ||
        ::stat(request.path, &status) != 0 ||
        !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    if (operation.state_ == FileOperation::State::cancelled) {
        operation.result_ = -ECANCELED;
        add_done(operation);
        return true;
    }
    operation.long_open_ = LongOpen::start(operation, {});
    one_done_.notify_all(); // `withdraw` may wait for it
    return operation.long_open_ != nullptr;
}

void ThreadFileOperations::close() noexcept {
    while (FileOperation* operation = pending_.front()) {
        operation->abandon();
    }
}

// The lock is held. An operation that is done is linked as well, in another list.
bool ThreadFileOperations::take_back(FileOperation& operation) noexcept {
    return operation.state_ != FileOperation::State::done && operation.long_open_ == nullptr &&
           BlockingThreads::for_files().withdraw(operation.work_);
}

void ThreadFileOperations::cancel(FileOperation& operation) noexcept {
    std::unique_lock lock(mutex_);
    bool is_taken_back = take_back(operation);
    if (!is_taken_back && operation.state_ != FileOperation::State::done) {
        operation.state_ = FileOperation::State::cancelled;
        is_taken_back = abandon_long_open(operation, lock);
    }
    if (is_taken_back) {
        operation.result_ = -ECANCELED;
        add_done(operation);
    }
}

// A LongOpen takes its own lock before this one, so this one is released meanwhile.
bool ThreadFileOperations::abandon_long_open(FileOperation& operation,
                                             std::unique_lock<std::mutex>& lock) noexcept {
    if (operation.long_open_ == nullptr) {
        return false;
    }
    lock.unlock();
    const bool is_abandoned = operation.long_open_->abandon();
    lock.lock();
    return is_abandoned;
}

void ThreadFileOperations::withdraw(FileOperation& operation) noexcept {
    pending_.erase(operation);
    std::unique_lock lock(mutex_);
    if (take_back(operation)) {
        return;
    }
    one_done_.wait(lock, [&] {
        return operation.state_ == FileOperation::State::done || operation.long_open_ != nullptr;
    });
    if (operation.state_ != FileOperation::State::done && abandon_long_open(operation, lock)) {
        return;
    }
    done_.erase(operation.work_);
    --done_count_;
}

void ThreadFileOperations::performed(FileOperation& operation) noexcept {
    // All of it under the lock: once that is released, the loop may destroy the operation and this
    // object.
    const std::lock_guard lock(mutex_);
    add_done(operation);
}

void ThreadFileOperations::add_done(FileOperation& operation) noexcept {
    operation.state_ = FileOperation::State::done;
    done_.push_back(operation.work_);
    ++done_count_;
    one_done_.notify_all();
    if (!is_posted_) {
        is_posted_ = true;
        reactor_.post(*this);
    }
}

std::size_t ThreadFileOperations::done_count() noexcept {
    const std::lock_guard lock(mutex_);
    return done_count_;
}

FileOperation* ThreadFileOperations::take_done() noexcept {
    const std::lock_guard lock(mutex_);
    auto* const work = static_cast<FileOperation::Work*>(done_.pop_front());
    if (work == nullptr) {
        return nullptr;
    }
    --done_count_;
    return &work->operation;
}

void ThreadFileOperations::run() noexcept {
    // One by one, because completing one may destroy others. Only as many as there are now, because
    // otherwise a caller that starts the next one at once could keep the loop here.
    for (std::size_t left = done_count(); left > 0; --left) {
        FileOperation* const operation = take_done();
        if (operation == nullptr) {
            break;
        }
        pending_.erase(*operation);
        operation->complete();
    }
    const std::lock_guard lock(mutex_);
    is_posted_ = !done_.empty();
    if (is_posted_) {
        reactor_.post(*this);
    }
}

} // namespace hocket::engine
