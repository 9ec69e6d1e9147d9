#include "crawl/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace crawl {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Holds SIGINT and SIGTERM back. Between fork and exec the child has our signal handlers: one that
/// ran there would swallow the interrupt that is meant for the program.
class SignalsHeldBack {
public:
    SignalsHeldBack() {
        sigset_t signals;
        ::sigemptyset(&signals);
        ::sigaddset(&signals, SIGINT);
        ::sigaddset(&signals, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &signals, &before_);
    }
    ~SignalsHeldBack() { release(); }
    SignalsHeldBack(const SignalsHeldBack&) = delete;
    SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

    void release() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

/// In the child, between fork and exec.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent,
                         const SignalsHeldBack& signals) {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    signals.release();
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127); // the parent ended before we asked to follow it
    ::dup2(output, STDOUT_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

} // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
    if (::access(arguments.front().c_str(), X_OK) != 0)
        throw_errno("cannot run " + arguments.front());
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw_errno("pipe to " + arguments.front());
    const pid_t parent = ::getpid();
    {
        const SignalsHeldBack signals;
        pid_ = ::fork();
        if (pid_ == 0) become(argv.data(), pipe[1], parent, signals);
    }
    ::close(pipe[1]);
    output_ = pipe[0];
    if (pid_ < 0) {
        ::close(output_);
        throw_errno("fork for " + arguments.front());
    }
}

ChildProcess::~ChildProcess() {
    ::close(output_);
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
}

bool ChildProcess::read_more(const Interrupt& interrupt) {
    std::array<pollfd, 2> watched{{{output_, POLLIN, 0}, {interrupt.fileno(), POLLIN, 0}}};
    // Once handed on, the interrupt's descriptor stays readable and must not be watched.
    const int ready = ::poll(watched.data(), interrupted_ ? 1 : 2, -1);
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (interrupt.requested()) this->interrupt();
    if (ready <= 0 || watched[0].revents == 0) return true;

    std::array<char, 64 * 1024> space;
    const ssize_t got = ::read(output_, space.data(), space.size());
    if (got < 0) throw_errno("read from a child process");
    buffer_.append(space.data(), static_cast<std::size_t>(got));
    return got > 0;
}

std::string ChildProcess::read_line(const Interrupt& interrupt) {
    while (buffer_.find('\n') == buffer_.npos && read_more(interrupt)) {
    }
    const auto newline = buffer_.find('\n');
    std::string line = buffer_.substr(0, newline);
    buffer_.erase(0, newline == buffer_.npos ? newline : newline + 1);
    return line;
}

std::string ChildProcess::read_all(const Interrupt& interrupt) {
    while (read_more(interrupt)) {
    }
    return std::exchange(buffer_, {});
}

void ChildProcess::interrupt() {
    if (!std::exchange(interrupted_, true)) ::kill(pid_, SIGINT);
}

int ChildProcess::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace crawl
