#pragma once

#include <memory>

#include "engine/cached_reads.hpp"
#include "engine/file_operation.hpp"
#include "engine/reactor.hpp"

namespace hocket::engine {

/// Asynchronous calls to the file system for one loop. Belongs to the loop's thread. There are two
/// implementations: io_uring, and threads if the kernel does not allow io_uring.
class FileOperations {
public:
    /// Uses io_uring if it works, otherwise threads. The environment variable HOCKET_FILES
    /// ("io_uring" or "threads") selects one of them. Throws std::system_error if it selects
    /// io_uring and the kernel does not allow it, or if its value is invalid.
    [[nodiscard]] static std::unique_ptr<FileOperations> create(Reactor& reactor);

    FileOperations(const FileOperations&) = delete;
    FileOperations& operator=(const FileOperations&) = delete;
    virtual ~FileOperations() = default;

    /// Starts `operation`, which must not be pending. It never completes from within this call. Any
    /// number may be in progress; they complete in any order.
    virtual void start(FileOperation& operation, const FileRequest& request) noexcept = 0;

    /// Called when the loop closes: withdraws all operations, waits until the kernel no longer uses
    /// their memory, and closes the descriptors. Nothing may be started afterwards. The object must
    /// live until everything posted to the reactor has been discarded.
    virtual void close() noexcept = 0;

    /// Try these first, because most data to be read is in the page cache.
    [[nodiscard]] CachedReads& cached_reads() noexcept { return cached_reads_; }

    /// "io_uring" or "threads".
    [[nodiscard]] virtual const char* name() const noexcept = 0;

protected:
    explicit FileOperations(Reactor& reactor) noexcept
        : reactor_(reactor), cached_reads_(reactor) {}

    friend class FileOperation;
    friend class LongOpen;
    virtual void cancel(FileOperation& operation) noexcept = 0;
    /// Removes `operation` from all lists. Blocks until it is not running.
    virtual void withdraw(FileOperation& operation) noexcept = 0;
    /// On the thread that is to perform it: true when it need not, because the operation is an open
    /// that may wait for another process (LongOpen performs it) or has been cancelled.
    virtual bool set_aside(FileOperation& operation) noexcept = 0;
    /// Called on the thread that has performed it.
    virtual void performed(FileOperation& operation) noexcept = 0;

    Reactor& reactor_;

private:
    CachedReads cached_reads_;
};

} // namespace hocket::engine
