#pragma once

#include <csignal>
#include <thread>
#include <utility>

#include <pthread.h>

namespace hocket::detail::gpu {

/// Runs `body` on a thread that ends with the process and receives no signals: only the program's
/// own threads should. Throws std::system_error.
template <class F> void start_thread(const char* name, F body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread([name, body = std::move(body)]() mutable {
            ::pthread_setname_np(::pthread_self(), name);
            body();
        }).detach();
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace hocket::detail::gpu
