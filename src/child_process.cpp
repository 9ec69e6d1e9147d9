#include "child_process.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/memory_mapping.hpp"
#include "start_worker.hpp"
#include "worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int unknown_status = 255;
constexpr auto by_pidfd = static_cast<idtype_t>(3); // P_PIDFD, which older headers do not name
constexpr auto daemons_grace = std::chrono::seconds(5);

ProcessOptions with_name(ProcessOptions options) {
    static std::atomic<int> made{0};
    const int number = ++made;
    if (options.name.empty()) {
        options.name = "Process-" + std::to_string(number);
    }
    return options;
}

/// In milliseconds, as poll counts; -1: for ever.
int poll_timeout(Clock::time_point deadline) {
    if (deadline == Clock::time_point::max()) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

} // namespace

ChildProcess::ChildProcess(ProcessOptions options, ProcessCall call)
    : options_(with_name(std::move(options))), call_(std::move(call)) {}

void ChildProcess::end() noexcept {
    if (!is_alive()) {
        return;
    }
    if (options_.daemon) {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGTERM, nullptr, 0);
        if (!join_until(Clock::now() + daemons_grace)) {
            ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
        }
    }
    join_until(Clock::time_point::max());
}

void ChildProcess::start() {
    const std::scoped_lock lock(lock_);
    if (pid_ != 0 || !call_) {
        throw RuntimeError(options_.name + " cannot be started twice: make another Process");
    }
    std::fflush(stdout); // what was written before comes before what the process writes
    StartedWorker started = start_worker();
    pid_ = started.pid;
    control_ = std::move(started.control);
    pidfd_ = engine::FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    try {
        if (!pidfd_.is_open()) {
            throw std::system_error(errno, std::system_category(), "pidfd_open of a new process");
        }
        hand_over(*std::move(call_));
        call_.reset();
    } catch (...) {
        ::kill(pid_, SIGKILL); // not reaped, so the number is still its own
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
        control_.close();
        pidfd_.close();
        call_.reset();
        throw;
    }
}

void ChildProcess::hand_over(ProcessCall call) {
    msgpack::sbuffer body;
    msgpack::packer<msgpack::sbuffer> packer(body);
    packer.pack_array(3);
    packer.pack(options_.name);
    packer.pack(call.thunk);
    const std::uint32_t size = block_size(call.arguments.size(), 1);
    packer.pack_bin(size);
    packer.pack_bin_body(call.arguments.data(), size);
    const engine::MemoryMapping region = engine::MemoryMapping::create("call", body.size());
    std::memcpy(region.data(), body.data(), body.size());

    const Parcel first = pack_parcel(Bootstrap{Bootstrap::single_call});
    call.descriptors.push_back(engine::FileDescriptor::duplicate(region.fd()));
    const auto error = engine::send_message(
        control_.get(), {first.bytes.data(), first.bytes.size()}, call.descriptors);
    // EPIPE: it has ended already, as its exit code will say.
    if (error && error != std::errc::broken_pipe) {
        throw std::system_error(error, "cannot send its call to a new process");
    }
}

void ChildProcess::require_started(const char* what) {
    if (pid_ == 0) {
        throw RuntimeError(std::string(what) + " of " + options_.name + ", which was not started");
    }
}

bool ChildProcess::join_until(Clock::time_point deadline) {
    {
        const std::scoped_lock lock(lock_);
        require_started("join");
    }
    for (;;) {
        // Without the lock: pidfd_ stays as it is from the start on.
        pollfd end{pidfd_.get(), POLLIN, 0};
        const int ready = ::poll(&end, 1, poll_timeout(deadline));
        if (ready > 0) {
            static_cast<void>(exitcode());
            return true;
        }
        if (ready == 0 && Clock::now() >= deadline) {
            return false;
        }
    }
}

void ChildProcess::send_signal(int signal) {
    const std::scoped_lock lock(lock_);
    require_started(signal == SIGKILL ? "kill" : "terminate");
    if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
        throw std::system_error(errno, std::system_category(),
                                "signal to process " + std::to_string(pid_));
    }
}

std::optional<int> ChildProcess::exitcode() {
    const std::scoped_lock lock(lock_);
    if (pid_ == 0 || exitcode_) {
        return exitcode_;
    }
    siginfo_t info{};
    int returned = 0;
    do {
        returned = ::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
    } while (returned != 0 && errno == EINTR);
    if (returned != 0) {
        exitcode_ = unknown_status;
    } else if (info.si_pid != 0) {
        exitcode_ = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    }
    return exitcode_;
}

std::optional<int> ChildProcess::pid() {
    const std::scoped_lock lock(lock_);
    return pid_ == 0 ? std::nullopt : std::optional<int>(pid_);
}

bool ChildProcess::is_alive() {
    const bool has_ended = exitcode().has_value();
    const std::scoped_lock lock(lock_);
    return pid_ != 0 && !has_ended;
}

int ChildProcess::sentinel() {
    const std::scoped_lock lock(lock_);
    require_started("sentinel");
    return pidfd_.get();
}

} // namespace hocket::detail
