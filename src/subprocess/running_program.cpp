#include "subprocess/running_program.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/process_exit.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"

namespace hocket::detail {

namespace {

int signal_child(int pidfd, int signal) noexcept {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

} // namespace

RunningProgram::RunningProgram(EventLoop& loop)
    : ChildWatcher(reactor_of(loop).poller()), loop_(loop) {}

RunningProgram::~RunningProgram() = default;

void RunningProgram::watch(pid_t pid, FileDescriptor pidfd, std::shared_ptr<void> self) {
    pid_ = pid;
    if (const auto error = ChildWatcher::start(std::move(pidfd))) {
        end(pidfd.fileno()); // it was not taken over
        throw std::system_error(error, "watch process " + std::to_string(pid));
    }
    enter_loop(loop_.state().network, std::move(self));
}

void RunningProgram::send_signal(int signal) {
    // Signals are allowed until the child is reaped: the kernel accepts them until then, as in
    // Python.
    if (returncode_ || signal_child(pidfd(), signal) != 0) {
        const std::error_code error(returncode_ ? ESRCH : errno, std::system_category());
        throw std::system_error(error, "send signal " + std::to_string(signal) + " to process " +
                                           std::to_string(pid_));
    }
}

void RunningProgram::signal_quietly(int signal, bool to_group) noexcept {
    if (!is_started()) {
        return;
    }
    // A group's number is its leader's pid, which is not reused before the leader is reaped.
    if (!to_group || ::kill(-pid_, signal) != 0) {
        signal_child(pidfd(), signal);
    }
}

void RunningProgram::on_exit(int status, std::error_code) noexcept {
    returncode_ = status;
    // This may be the last reference.
    const auto self = leave_loop();
    on_ended();
}

void RunningProgram::drop() noexcept {
    end(pidfd());
    stop();
    returncode_ = -SIGKILL;
    const auto self = leave_loop();
}

void RunningProgram::end(int pidfd) noexcept {
    // Another user's program (a set-user-id one) may refuse the signal. Then do not wait for it.
    const bool is_killed = signal_child(pidfd, SIGKILL) == 0;
    siginfo_t info{};
    while (::waitid(engine::by_pidfd, static_cast<id_t>(pidfd), &info,
                    WEXITED | (is_killed ? 0 : WNOHANG)) != 0 &&
           errno == EINTR) {
    }
}

} // namespace hocket::detail
