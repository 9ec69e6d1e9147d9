#include "processes/start/start_worker.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::detail {

namespace {

void kill_child(pid_t child) noexcept {
    ::kill(child, SIGKILL); // not reaped, so the pid was not reused
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace

StartedWorker start_worker(StartMethod method) {
    switch (method) {
    case StartMethod::forkserver: return start_by_fork_server();
    case StartMethod::fork: return start_by_fork();
    case StartMethod::spawn: break;
    }
    return start_by_spawn();
}

void abandon(StartedWorker& worker) noexcept {
    if (worker.reports.is_open()) {
        ::syscall(SYS_pidfd_send_signal, worker.pidfd.fileno(), SIGKILL, nullptr, 0);
    } else {
        kill_child(worker.pid);
    }
    worker = {};
}

engine::FileDescriptor open_pidfd(pid_t child) {
    engine::FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (!pidfd.is_open()) {
        const std::error_code error = engine::last_error();
        kill_child(child);
        throw std::system_error(error, "pidfd_open of a new worker process");
    }
    return pidfd;
}

} // namespace hocket::detail
