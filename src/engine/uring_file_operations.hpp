#pragma once

#include <memory>
#include <system_error>

#include <liburing.h>

#include "engine/thread_file_operations.hpp"
#include "engine/uring_calls.hpp"

namespace hocket::engine {

/// Files by io_uring, one ring a loop. What a turn starts is submitted with one system call at its
/// end, and what that completes at once (bytes in the page cache, usually) is delivered right
/// there; the rest when the poller finds the ring readable. What has no opcode in this kernel is
/// done by threads, and so is every open that may block: the kernel's own workers are few, and the
/// other calls would wait behind it.
class UringFileOperations final : public FileOperations, private Watcher, private TurnEnd {
public:
    /// Returns nullptr and sets `error` if io_uring cannot be used: it is not built into the
    /// kernel, a sysctl, a seccomp filter or the limit of locked memory forbids it, or the kernel
    /// is older than Linux 5.6.
    [[nodiscard]] static std::unique_ptr<UringFileOperations> create(Reactor& reactor,
                                                                     std::error_code& error);
    ~UringFileOperations() override { close(); }

    void start(FileOperation& operation, const FileRequest& request) noexcept override;
    void close() noexcept override;
    [[nodiscard]] const char* name() const noexcept override { return "io_uring"; }

private:
    explicit UringFileOperations(Reactor& reactor) noexcept
        : FileOperations(reactor), threads_(reactor) {}

    [[nodiscard]] std::error_code set_up() noexcept;
    [[nodiscard]] bool supports(FileRequest::Call call) const noexcept;

    void cancel(FileOperation& operation) noexcept override;
    void withdraw(FileOperation& operation) noexcept override;
    // Never called, because no thread performs these operations.
    bool set_aside(FileOperation&) noexcept override { return false; }
    void performed(FileOperation&) noexcept override {}
    void on_turn_end() noexcept override;
    void on_ready(std::uint32_t events) noexcept override;

    void prepare_queued() noexcept;
    void submit() noexcept;
    void hand_over_to_threads() noexcept;
    void reap() noexcept;
    void add_done(FileOperation& operation, std::int64_t result) noexcept;
    [[nodiscard]] bool open_on_thread(FileOperation& operation, int result) noexcept;
    void leave_kernel(FileOperation& operation) noexcept;
    void complete(FileOperation& operation, int result) noexcept;
    void deliver() noexcept;
    void wait_for(FileOperation& operation) noexcept;

    ThreadFileOperations threads_;
    io_uring ring_{};
    bool is_set_up_ = false;
    UringCalls supported_ = 0;
    unsigned running_count_ = 0;
    IntrusiveList<FileOperation> queued_; // not submitted yet
    IntrusiveList<FileOperation> running_;
    IntrusiveList<FileOperation> to_cancel_; // running, a cancel is to be submitted
    IntrusiveList<FileOperation> done_;      // their results are to be delivered
    std::size_t done_count_ = 0;
};

} // namespace hocket::engine
