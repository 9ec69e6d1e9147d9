#pragma once

#include <csignal>

namespace hocket::engine {

/// Blocks SIGPIPE on this thread while it lives, for system calls that have no MSG_NOSIGNAL. The
/// kernel sends the signal to the calling thread, so if it is pending after a call but was not
/// before, that call raised it.
class NoSigpipe {
public:
    NoSigpipe() noexcept;
    ~NoSigpipe();
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;

    /// Call this after EPIPE: removes the pending signal raised with it.
    void take_back() noexcept;

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool was_pending_ = false; // raised before, so not to be removed
};

} // namespace hocket::engine
