#include "loop/fd_watch.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <hocket/errors.hpp>

namespace hocket::detail {

FdWatch::~FdWatch() {
    poller_.remove(*this);
    for (FdListener* listener : {reader_, writer_}) {
        if (listener != nullptr) {
            listener->release();
        }
    }
}

void FdWatch::set(Direction direction, FdListener* listener) {
    FdListener*& current = direction == Direction::read ? reader_ : writer_;
    FdListener* const before = std::exchange(current, listener);
    const std::uint32_t interest =
        (reader_ != nullptr ? readable : 0U) | (writer_ != nullptr ? writable : 0U);
    std::error_code error;
    if (interest == 0) {
        poller_.remove(*this);
    } else if (is_watching()) {
        error = poller_.change(*this, interest);
    } else {
        error = poller_.add(*this, fd_, interest);
    }
    if (error) {
        current = before;
        if (error.value() == EEXIST) {
            throw RuntimeError("file descriptor " + std::to_string(fd_) +
                               " is used by a transport");
        }
        throw std::system_error(error, "watch file descriptor " + std::to_string(fd_));
    }
    if (before != nullptr) {
        before->release();
    }
}

void FdWatch::on_ready(std::uint32_t events) noexcept {
    const engine::Lifetime::Watch watch(lifetime_);
    // A failed or hung-up descriptor is ready for both directions; using it then reports the error.
    const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (reader_ != nullptr && (is_broken || (events & EPOLLIN) != 0)) {
        reader_->on_fd_ready();
    }
    if (!watch.ended() && writer_ != nullptr && (is_broken || (events & EPOLLOUT) != 0)) {
        writer_->on_fd_ready();
    }
}

} // namespace hocket::detail
