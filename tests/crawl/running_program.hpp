#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace crawl_tests {

/// A program that a test has started: reads its standard output and exit code, and ends it when the
/// test ends. Each wait fails after one minute.
class RunningProgram {
public:
    explicit RunningProgram(std::vector<std::string> arguments) : name_(arguments.front()) {
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::array<int, 2> pipe{};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            // A shell that runs the tests in the background may ignore SIGINT, which is inherited.
            ::signal(SIGINT, SIG_DFL);
            if (::getppid() != parent) ::_exit(127);
            ::dup2(pipe[1], STDOUT_FILENO);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(pipe[1]);
        output_ = pipe[0];
    }

    ~RunningProgram() {
        ::close(output_);
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;

    std::string read_line() {
        while (buffer_.find('\n') == buffer_.npos && read_more()) {
        }
        const auto end = std::min(buffer_.find('\n'), buffer_.size());
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
    }

    std::string read_all() {
        while (read_more()) {
        }
        return std::exchange(buffer_, {});
    }

    void send_signal(int signal) const { ::kill(pid_, signal); }
    pid_t pid() const { return pid_; }

    /// The exit code, or minus the signal that ended it. Call it after read_all().
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

private:
    bool read_more() {
        pollfd watched{output_, POLLIN, 0};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline_ - std::chrono::steady_clock::now());
        if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) == 0) {
            ADD_FAILURE() << name_ << " did not produce the awaited output within a minute";
            ::kill(pid_, SIGKILL);
            return false;
        }
        std::array<char, 64 * 1024> space;
        const ssize_t got = ::read(output_, space.data(), space.size());
        if (got > 0) buffer_.append(space.data(), static_cast<std::size_t>(got));
        return got > 0;
    }

    std::string name_;
    std::chrono::steady_clock::time_point deadline_ =
        std::chrono::steady_clock::now() + std::chrono::seconds(60);
    pid_t pid_ = -1;
    int output_ = -1;
    std::string buffer_;
};

/// An executable of examples/.
inline std::string example(const std::string& name) {
    return std::string(HOCKET_EXAMPLES_DIR) + "/" + name;
}

} // namespace crawl_tests
