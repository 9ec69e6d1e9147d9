#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include <sys/types.h>

#include <hocket/detail/file_descriptor.hpp>
#include <hocket/process.hpp>

namespace hocket::detail {

/// A child process of this one, which runs one call. Any thread.
class ChildProcess {
public:
    ChildProcess(ProcessOptions options, ProcessCall call);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void start();
    /// False when `deadline` passed first.
    bool join_until(std::chrono::steady_clock::time_point deadline);
    void send_signal(int signal);
    /// What the destructor of a Process does.
    void end() noexcept;
    /// Reaps the process when it has ended.
    [[nodiscard]] std::optional<int> exitcode();
    [[nodiscard]] std::optional<int> pid();
    [[nodiscard]] bool is_alive();
    [[nodiscard]] int sentinel();
    [[nodiscard]] const ProcessOptions& options() const noexcept { return options_; }

private:
    void require_started(const char* what);
    void hand_over(ProcessCall call);

    const ProcessOptions options_;
    std::mutex lock_; // guards what follows
    std::optional<ProcessCall> call_;
    pid_t pid_ = 0;
    engine::FileDescriptor control_; // the process ends when it is closed
    engine::FileDescriptor pidfd_;
    std::optional<int> exitcode_;
};

} // namespace hocket::detail
