#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <hocket/process.hpp>

#include "processes/start/start_worker.hpp"

namespace hocket::detail {

/// A child process of this process, which runs one call. May be used on any thread.
class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
public:
    ChildProcess(ProcessOptions options, ProcessCall call);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// The processes that this process has started and that have not ended, in the order of their
    /// start. Reaps those that have ended.
    [[nodiscard]] static std::vector<std::shared_ptr<ChildProcess>> active();

    void start();
    /// Returns false if `deadline` passes first.
    bool join_until(std::chrono::steady_clock::time_point deadline);
    void send_signal(int signal);
    /// Called by the destructor of a Process.
    void end() noexcept;
    /// Reaps the process if it has ended.
    [[nodiscard]] std::optional<int> exitcode();
    [[nodiscard]] std::optional<int> pid();
    /// Whether it is a child of this process, not of a process that this one was forked from.
    [[nodiscard]] bool is_ours() const noexcept;
    /// Returns false if it is not a child of this process.
    [[nodiscard]] bool is_alive();
    [[nodiscard]] int sentinel();
    [[nodiscard]] const ProcessOptions& options() const noexcept { return options_; }

private:
    void require_child(const char* what);
    void send_call(ProcessCall call);

    const ProcessOptions options_;
    std::mutex lock_; // guards what follows
    std::optional<ProcessCall> call_;
    StartedWorker process_; // pid 0: not started
    pid_t owner_ = 0;       // the parent process
    std::optional<int> exitcode_;
};

} // namespace hocket::detail
