#pragma once

#include <csignal>

namespace hocket::engine {

/// While it lives, SIGPIPE is blocked on this thread: for calls that have no MSG_NOSIGNAL. The
/// kernel sends that signal to the thread that called, so that one which is pending after a call,
/// and was not before, is that call's.
class NoSigpipe {
public:
    NoSigpipe() noexcept;
    ~NoSigpipe();
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;

    /// After EPIPE: takes the signal back that came with it.
    void take_back() noexcept;

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool was_pending_ = false; // somebody else's
};

} // namespace hocket::engine
