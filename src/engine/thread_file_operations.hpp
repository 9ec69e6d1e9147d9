#pragma once

#include <condition_variable>
#include <mutex>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/file_operations.hpp"

namespace hocket::engine {

/// Files by threads: each operation is a blocking call on one of a few threads that all loops
/// share. Opening a FIFO or a device may wait until another process opens its other end. A LongOpen
/// does that, so that no other call waits behind it.
///
/// A call that has begun cannot be taken back, so a cancelled operation completes when its call
/// returns. A LongOpen is abandoned instead.
class ThreadFileOperations final : public FileOperations, private Runnable {
public:
    explicit ThreadFileOperations(Reactor& reactor) noexcept : FileOperations(reactor) {}
    ~ThreadFileOperations() override { close(); }

    void start(FileOperation& operation, const FileRequest& request) noexcept override;
    /// Like `start`, for an open that is known to wait for another process. `partner` is what
    /// LongOpen::start says.
    void start_long_open(FileOperation& operation, FileDescriptor partner) noexcept;
    void close() noexcept override;
    [[nodiscard]] const char* name() const noexcept override { return "threads"; }

private:
    void cancel(FileOperation& operation) noexcept override;
    void withdraw(FileOperation& operation) noexcept override;
    bool set_aside(FileOperation& operation) noexcept override;
    void performed(FileOperation& operation) noexcept override;
    void run() noexcept override;
    void enlist(FileOperation& operation) noexcept;
    [[nodiscard]] bool take_back(FileOperation& operation) noexcept;
    [[nodiscard]] bool abandon_long_open(FileOperation& operation,
                                         std::unique_lock<std::mutex>& lock) noexcept;
    void add_done(FileOperation& operation) noexcept;
    [[nodiscard]] FileOperation* take_done() noexcept;
    [[nodiscard]] std::size_t done_count() noexcept;

    std::mutex mutex_;
    std::condition_variable one_done_;
    IntrusiveList<FileOperation> pending_; // loop's thread only
    IntrusiveList<BlockingWork> done_;     // to be delivered
    std::size_t done_count_ = 0;
    bool is_posted_ = false; // run() has been posted
};

} // namespace hocket::engine
