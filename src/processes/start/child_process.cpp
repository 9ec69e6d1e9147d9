#include "processes/start/child_process.hpp"

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
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "engine/memory_mapping.hpp"
#include "engine/per_process.hpp"
#include "engine/process_exit.hpp"
#include "observe/observer.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto daemons_grace = std::chrono::seconds(5);

ProcessOptions with_name(ProcessOptions options) {
    static std::atomic<int> made{0};
    const int number = ++made;
    if (options.name.empty()) {
        options.name = "Process-" + std::to_string(number);
    }
    return options;
}

/// In milliseconds, as poll expects; -1 means no timeout.
int poll_timeout(Clock::time_point deadline) {
    if (deadline == Clock::time_point::max()) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

/// The processes that were started and had not ended at the last check.
struct Children {
    std::mutex mutex;
    std::vector<std::weak_ptr<ChildProcess>> started;
};

Children& children() {
    static PerProcess<Children> all;
    return all.get();
}

} // namespace

ChildProcess::ChildProcess(ProcessOptions options, ProcessCall call)
    : options_(with_name(std::move(options))), call_(std::move(call)) {}

std::vector<std::shared_ptr<ChildProcess>> ChildProcess::active() {
    Children& all = children();
    std::vector<std::shared_ptr<ChildProcess>> found;
    {
        const std::scoped_lock lock(all.mutex);
        for (const auto& each : all.started) {
            if (auto child = each.lock()) {
                found.push_back(std::move(child));
            }
        }
    }
    // Do this without the lock, because it may wait for the fork server.
    const auto ended = std::ranges::stable_partition(found, &ChildProcess::is_alive,
                                                     &std::shared_ptr<ChildProcess>::operator*);
    const std::scoped_lock lock(all.mutex);
    std::erase_if(all.started, [&](const auto& each) {
        return each.expired() || std::ranges::find(ended, each.lock()) != ended.end();
    });
    found.erase(ended.begin(), ended.end());
    return found;
}

void ChildProcess::end() noexcept {
    if (!is_alive()) {
        return;
    }
    if (options_.daemon) {
        ::syscall(SYS_pidfd_send_signal, process_.pidfd.fileno(), SIGTERM, nullptr, 0);
        if (!join_until(Clock::now() + daemons_grace)) {
            ::syscall(SYS_pidfd_send_signal, process_.pidfd.fileno(), SIGKILL, nullptr, 0);
        }
    }
    join_until(Clock::time_point::max());
}

void ChildProcess::start() {
    static_cast<void>(active()); // reaps, as Python's start does
    {
        const std::scoped_lock lock(lock_);
        if (process_.pid != 0 || !call_) {
            throw RuntimeError(options_.name + " cannot be started twice: make another Process");
        }
        std::fflush(stdout); // earlier output must come before the process's output
        process_ = start_worker(options_.start_method);
        owner_ = ::getpid();
        try {
            send_call(*std::move(call_));
            call_.reset();
        } catch (...) {
            abandon(process_);
            call_.reset();
            throw;
        }
    }
    Children& all = children();
    const std::scoped_lock lock(all.mutex);
    all.started.push_back(weak_from_this());
}

void ChildProcess::send_call(ProcessCall call) {
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

    const Message first =
        pack_message(Bootstrap{.kind = Bootstrap::single_call,
                               .watch = static_cast<std::uint32_t>(observer::own_watch())});
    call.descriptors.push_back(engine::FileDescriptor::duplicate(region.fileno()));
    const auto error = engine::send_message(
        process_.control.fileno(), {first.bytes.data(), first.bytes.size()}, call.descriptors);
    // EPIPE: the process has already ended; its exit code will say why.
    if (error && error != std::errc::broken_pipe) {
        throw std::system_error(error, "cannot send its call to a new process");
    }
}

bool ChildProcess::is_ours() const noexcept { return owner_ == ::getpid(); }

void ChildProcess::require_child(const char* what) {
    if (process_.pid == 0) {
        throw RuntimeError(std::string(what) + " of " + options_.name + ", which was not started");
    }
    if (!is_ours()) {
        throw RuntimeError(std::string(what) + " of " + options_.name +
                           ", which is not a child of this process: only process " +
                           std::to_string(owner_) + " may do that");
    }
}

bool ChildProcess::join_until(Clock::time_point deadline) {
    {
        const std::scoped_lock lock(lock_);
        require_child("join");
    }
    for (;;) {
        // Do this without the lock: the pidfd does not change after the start.
        pollfd end{process_.pidfd.fileno(), POLLIN, 0};
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
    require_child(signal == SIGKILL ? "kill" : "terminate");
    if (::syscall(SYS_pidfd_send_signal, process_.pidfd.fileno(), signal, nullptr, 0) != 0 &&
        errno != ESRCH) {
        engine::throw_errno("signal to process " + std::to_string(process_.pid));
    }
}

std::optional<int> ChildProcess::exitcode() {
    const std::scoped_lock lock(lock_);
    if (process_.pid == 0 || !is_ours() || exitcode_) {
        return exitcode_;
    }
    const int pidfd = process_.pidfd.fileno();
    const auto exit = process_.reports.is_open()
                          ? engine::read_exit(pidfd, process_.reports.fileno())
                          : engine::reap(pidfd);
    if (exit) {
        exitcode_ = exit->status;
    }
    return exitcode_;
}

std::optional<int> ChildProcess::pid() {
    const std::scoped_lock lock(lock_);
    return process_.pid == 0 ? std::nullopt : std::optional<int>(process_.pid);
}

bool ChildProcess::is_alive() {
    const bool has_ended = exitcode().has_value();
    const std::scoped_lock lock(lock_);
    return process_.pid != 0 && is_ours() && !has_ended;
}

int ChildProcess::sentinel() {
    const std::scoped_lock lock(lock_);
    require_child("sentinel");
    return process_.pidfd.fileno();
}

} // namespace hocket::detail
