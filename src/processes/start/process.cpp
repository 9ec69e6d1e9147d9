#include <hocket/process.hpp>

#include <algorithm>
#include <csignal>
#include <thread>

#include <hocket/event_loop.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"
#include "processes/start/child_process.hpp"
#include "processes/start/process_main.hpp"

namespace hocket {

namespace {

// Takes the child by value, because a waiting task may outlive the Process object.
Coro<int> wait_for_end(std::shared_ptr<detail::ChildProcess> child) {
    const int sentinel = child->sentinel();
    while (!child->exitcode()) {
        // Only one task at a time can wait for a descriptor, so each has its own.
        const auto own = engine::FileDescriptor::duplicate(sentinel);
        detail::FdReady ended(get_running_loop().state().network, own.fileno(),
                              detail::FdWatch::Direction::read);
        co_await ended;
    }
    co_return *child->exitcode();
}

} // namespace

Process::Process(ProcessOptions options, detail::ProcessCall call)
    : ProcessHandle(std::make_shared<detail::ChildProcess>(std::move(options), std::move(call))) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(child_, other.child_);
    return *this;
}

Process::~Process() {
    if (child_) {
        child_->end();
    }
}

void Process::start() { child_->start(); }

bool ProcessHandle::join_until(std::chrono::steady_clock::time_point deadline) const {
    return child_->join_until(deadline);
}
Coro<int> ProcessHandle::wait() const { return wait_for_end(child_); }
void ProcessHandle::terminate() const { child_->send_signal(SIGTERM); }
void ProcessHandle::kill() const { child_->send_signal(SIGKILL); }
std::optional<int> ProcessHandle::exitcode() const { return child_->exitcode(); }
std::optional<int> ProcessHandle::pid() const { return child_->pid(); }
bool ProcessHandle::is_alive() const { return child_->is_alive(); }
int ProcessHandle::sentinel() const { return child_->sentinel(); }
const std::string& ProcessHandle::name() const noexcept { return child_->options().name; }
bool ProcessHandle::daemon() const noexcept { return child_->options().daemon; }

std::vector<ProcessHandle> active_children() {
    std::vector<ProcessHandle> handles;
    for (auto& child : detail::ChildProcess::active()) {
        handles.push_back(ProcessHandle(std::move(child)));
    }
    return handles;
}

const std::string& current_process_name() noexcept { return detail::name_of_this_process(); }

} // namespace hocket
