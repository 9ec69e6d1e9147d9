#include "loop/network_operations.hpp"

#include <hocket/errors.hpp>

namespace hocket::detail {

bool FdReady::await_ready() {
    FdWatch& watch = network_.watch(fd_);
    const bool is_read = direction_ == FdWatch::Direction::read;
    if (watch.listener(direction_) != nullptr) {
        throw RuntimeError("file descriptor " + std::to_string(fd_) + " already has a waiter for " +
                           (is_read ? "reading" : "writing"));
    }
    try {
        watch.set(direction_, this);
    } catch (...) {
        network_.prune_watch(fd_);
        throw;
    }
    is_listening_ = true;
    return false;
}

bool FdReady::cancel(std::string_view) noexcept {
    if (!forget()) {
        return false;
    }
    task_->interrupt();
    return true;
}

void FdReady::on_fd_ready() noexcept {
    forget();
    task_->wake();
}

// Called when this is removed from the watch or replaced by a callback. asyncio would then wait
// forever; here the operation is retried, which ends with success or an error.
void FdReady::release() noexcept {
    if (is_listening_) {
        is_listening_ = false;
        task_->wake();
    }
}

bool FdReady::forget() noexcept {
    if (!is_listening_) {
        return false;
    }
    is_listening_ = false;
    network_.find_watch(fd_)->set(direction_, nullptr); // removing a listener does not fail
    network_.prune_watch(fd_);
    return true;
}

} // namespace hocket::detail
