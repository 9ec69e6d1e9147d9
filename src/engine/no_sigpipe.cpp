#include "engine/no_sigpipe.hpp"

#include <cerrno>
#include <ctime>

#include <pthread.h>

namespace hocket::engine {

NoSigpipe::NoSigpipe() noexcept {
    sigset_t pending;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) != 0;
}

NoSigpipe::~NoSigpipe() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void NoSigpipe::take_back() noexcept {
    if (!was_pending_) {
        const timespec at_once{};
        while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
        }
    }
}

} // namespace hocket::engine
