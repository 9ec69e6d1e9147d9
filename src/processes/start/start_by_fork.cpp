// The start method "fork": a copy of this process with only one of its threads.

#include "processes/start/start_worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "engine/signals.hpp"
#include "processes/start/worker_main.hpp"

namespace hocket::detail {

namespace {

// Only stdout and stderr are flushed: other files may still buffer bytes that the parent wrote.
[[noreturn]] void leave(int status) {
    std::fflush(stdout);
    std::fflush(stderr);
    ::_exit(status);
}

// Until here every signal is blocked, so that the parent's handlers do not run in this process.
void reset_signals() noexcept {
    engine::Signals::forget_all();
    for (int signal = 1; signal < engine::Signals::count; ++signal) {
        std::signal(signal, SIG_DFL); // fails for SIGKILL and the C library's own signals
    }
    std::signal(SIGINT, SIG_IGN);
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void close_stdin() noexcept {
    engine::FileDescriptor nothing(::open("/dev/null", O_RDONLY));
    ::dup2(nothing.fileno(), STDIN_FILENO);
    if (nothing.fileno() == STDIN_FILENO) { // stdin was closed
        static_cast<void>(nothing.release());
    }
}

[[noreturn]] void become_worker(int control) {
    OwnerEnd::close_all();
    reset_signals();
    if (control == STDIN_FILENO) { // the parent's stdin is closed
        control = ::fcntl(control, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    close_stdin();
    ::__fpurge(stdout); // the parent writes its buffered output
    // exit() calls functions in the reverse order of their registration: those that this process
    // registers from now on, then this one, and none of the parent's.
    ::on_exit([](int status, void*) { leave(status); }, nullptr);
    leave(worker_main(control));
}

/// Forks on a thread that does nothing else. The child has only that thread: no running loop, no
/// executor and none of the caller's other thread_local objects, nor their destructors.
pid_t fork_on_fresh_thread(const engine::FileDescriptor& control) {
    pid_t pid = -1;
    int error = 0;
    std::thread([&] {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        pid = ::fork();
        if (pid == 0) {
            become_worker(control.fileno());
        }
        error = errno;
    }).join();
    if (pid < 0) {
        throw std::system_error(error, std::system_category(), "fork of a worker");
    }
    return pid;
}

} // namespace

StartedWorker start_by_fork() {
    auto [ours, theirs] = OwnerEnd::connect();
    const pid_t pid = fork_on_fresh_thread(theirs);
    return {pid, std::move(ours), open_pidfd(pid), {}};
}

} // namespace hocket::detail
