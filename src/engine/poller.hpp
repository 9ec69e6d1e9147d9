#pragma once

#include <cstdint>
#include <system_error>
#include <vector>

#include <sys/epoll.h>

#include <hocket/engine/timer.hpp>

namespace hocket::engine {

/// Interest in a file descriptor and the action when it is ready. Stored in its owner.
class Watcher {
public:
    static constexpr std::uint32_t readable = EPOLLIN;
    static constexpr std::uint32_t writable = EPOLLOUT;

    Watcher() noexcept = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// Called on the loop's thread with the events from epoll (EPOLLIN, EPOLLOUT, EPOLLERR,
    /// EPOLLHUP, etc.). May change, remove or destroy any watcher, including this one.
    virtual void on_ready(std::uint32_t events) noexcept = 0;

    [[nodiscard]] bool is_watching() const noexcept { return slot_ != none; }
    [[nodiscard]] int watched_fd() const noexcept { return fd_; }
    [[nodiscard]] std::uint32_t interest() const noexcept { return interest_; }

protected:
    ~Watcher() = default;

private:
    friend class Poller;
    static constexpr std::uint32_t none = 0xffffffff;
    int fd_ = -1;
    std::uint32_t interest_ = 0;
    std::uint32_t slot_ = none;
};

/// Readiness of file descriptors, by level-triggered epoll. Belongs to the loop's thread.
///
/// The kernel stores a slot and the slot's generation instead of the file descriptor: a closed
/// descriptor's number is reused at once, while an event of the old one may still be in the current
/// batch. Events of an earlier generation are dropped.
///
/// It survives descriptors that are closed before they are removed, and numbers that others then
/// use again: language bindings watch descriptors that are not theirs.
class Poller {
public:
    Poller(); ///< Throws std::system_error if no epoll descriptor can be created.
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Starts watching `fd`. Interest 0 is allowed; errors and hang-ups are reported even then.
    /// EEXIST if it is watched already.
    [[nodiscard]] std::error_code add(Watcher& watcher, int fd, std::uint32_t interest) noexcept;
    [[nodiscard]] std::error_code change(Watcher& watcher, std::uint32_t interest) noexcept;
    /// Changes the interest, and has the kernel watch what has the descriptor's number now.
    [[nodiscard]] std::error_code renew(Watcher& watcher, std::uint32_t interest) noexcept;
    /// Stops watching. Should be called before the descriptor is closed. Does nothing if not
    /// watching.
    void remove(Watcher& watcher) noexcept;

    /// The number of watchers.
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size() - free_.size(); }

    /// Waits until a descriptor is ready or `timeout` nanoseconds have passed (if negative, without
    /// limit) and calls the watchers. A signal ends the wait early.
    void wait(Nanoseconds timeout) noexcept { dispatch(collect(timeout)); }

    /// The two halves of `wait`, for callers that must reacquire a lock in between.
    [[nodiscard]] int collect(Nanoseconds timeout) noexcept;
    void dispatch(int count) noexcept;

private:
    struct Slot {
        Watcher* watcher = nullptr;
        std::uint32_t generation = 0;
        std::uint32_t removed_in = 0; // the batch in which the last watcher was removed
    };

    [[nodiscard]] std::error_code control(int operation, int fd, std::uint32_t interest,
                                          std::uint32_t slot) const noexcept;
    /// Remembers the interest if the kernel agrees.
    [[nodiscard]] std::error_code control(int operation, Watcher& watcher,
                                          std::uint32_t interest) noexcept;
    [[nodiscard]] bool is_watched(int fd) const noexcept;
    void forget_closed_files() noexcept;

    int epoll_ = -1;
    std::uint32_t batch_ = 1; // a number for what was collected last
    bool has_pwait2_ = true;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<epoll_event> events_;
};

} // namespace hocket::engine
