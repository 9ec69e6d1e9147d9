#include "engine/inbox.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

Inbox::Inbox(Poller& poller)
    : poller_(poller), event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_fd_ < 0) {
        throw_errno("eventfd");
    }
    if (const auto error = poller_.add(*this, event_fd_, Watcher::readable)) {
        ::close(event_fd_);
        throw std::system_error(error, "epoll_ctl(eventfd)");
    }
}

Inbox::~Inbox() {
    poller_.remove(*this);
    ::close(event_fd_);
}

void Inbox::post(Runnable& item) noexcept {
    if (push(item)) {
        wake();
    }
}

void Inbox::post(Runnable& item, CopyDescriptor copy) noexcept {
    if (!push(item)) {
        return;
    }
    const FileDescriptor own = copy(event_fd_);
    if (own.is_open()) {
        wake_through(own.fileno());
    }
}

bool Inbox::push(Runnable& item) noexcept {
    Runnable* newest = posted_.load(std::memory_order_relaxed);
    do {
        item.next_runnable_ = newest;
        // Sequentially consistent with prepare_to_sleep: either the loop sees the post, or this
        // thread sees it asleep.
    } while (!posted_.compare_exchange_weak(newest, &item, std::memory_order_seq_cst,
                                            std::memory_order_relaxed));
    return asleep_.load(std::memory_order_seq_cst);
}

void Inbox::wake() noexcept { wake_through(event_fd_); }

void Inbox::wake_through(int fileno) noexcept {
    woken_.store(true, std::memory_order_seq_cst);
    if (asleep_.exchange(false, std::memory_order_seq_cst)) {
        const std::uint64_t one = 1;
        // EAGAIN means that the counter is full: the loop will wake up anyway.
        [[maybe_unused]] const auto written = ::write(fileno, &one, sizeof one);
    }
}

bool Inbox::prepare_to_sleep() noexcept {
    asleep_.store(true, std::memory_order_seq_cst);
    if (posted_.load(std::memory_order_seq_cst) != nullptr ||
        woken_.load(std::memory_order_seq_cst)) {
        forget_wake();
        asleep_.store(false, std::memory_order_relaxed);
        return false;
    }
    return true;
}

void Inbox::drain(ReadyQueue& ready) noexcept {
    Runnable* newest = posted_.exchange(nullptr, std::memory_order_acquire);
    Runnable* oldest = nullptr;
    while (newest != nullptr) {
        Runnable* next = newest->next_runnable_;
        newest->next_runnable_ = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != nullptr) {
        Runnable* next = oldest->next_runnable_;
        ready.push(*oldest);
        oldest = next;
    }
}

void Inbox::on_ready(std::uint32_t) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event_fd_, &count, sizeof count);
    forget_wake();
}

// An exchange, not a store: a store could overwrite a concurrent wake without seeing its cause (a
// signal's mark), and the loop would sleep despite it.
void Inbox::forget_wake() noexcept { woken_.exchange(false, std::memory_order_acq_rel); }

} // namespace hocket::engine
