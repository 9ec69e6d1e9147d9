#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <fcntl.h>
#include <linux/openat2.h>

#include "engine/blocking_threads.hpp"

struct statx;

namespace hocket::engine {

class FileOperations;
class LongOpen;

/// A call to the file system, in the kernel's terms. The memory that the pointers refer to must
/// stay valid until the operation has ended.
struct FileRequest {
    enum class Call : std::uint8_t {
        open,
        close,
        read,
        write,
        sync,
        data_sync,
        stat,
        rename,
        unlink,
        make_directory,
        function, ///< For calls of which the kernel has no asynchronous version.
    };
    /// Returns a result like a system call's: a number, or -errno. Called on another thread.
    using Function = std::int64_t (*)(void* context) noexcept;

    /// Yields a descriptor.
    static FileRequest open(const char* path, int flags, unsigned mode) noexcept;
    static FileRequest close(int fd) noexcept;
    /// Yields the number of bytes. `offset` -1 is the file's own position.
    static FileRequest read(int fd, void* memory, std::size_t size, std::int64_t offset) noexcept;
    static FileRequest write(int fd, const void* memory, std::size_t size,
                             std::int64_t offset) noexcept;
    static FileRequest sync(int fd, bool data_only) noexcept;
    /// `flags`: AT_SYMLINK_NOFOLLOW or 0.
    static FileRequest stat(const char* path, int flags, struct statx& result) noexcept;
    static FileRequest stat(int fd, struct statx& result) noexcept;
    static FileRequest rename(const char* path, const char* new_path) noexcept;
    /// `flags`: AT_REMOVEDIR or 0.
    static FileRequest unlink(const char* path, int flags) noexcept;
    static FileRequest make_directory(const char* path, unsigned mode) noexcept;
    static FileRequest call(Function function, void* context) noexcept;

    /// Makes the call now, on this thread, and blocks until it is done.
    [[nodiscard]] std::int64_t perform() const noexcept;

    Call kind = Call::function;
    int fd = AT_FDCWD;
    int flags = 0;
    unsigned mode = 0;
    void* memory = nullptr;
    std::size_t size = 0;
    std::int64_t offset = -1;
    const char* path = nullptr;
    const char* new_path = nullptr;
    Function function = nullptr;
};

/// A request in progress. Stored in the waiter. Destroying it while it is pending blocks until the
/// kernel no longer uses the request's memory, usually for the milliseconds of a disk access.
class FileOperation : public ListLink {
public:
    [[nodiscard]] bool is_pending() const noexcept { return operations_ != nullptr; }
    /// Requests an early end. The operation still completes exactly once in a later turn, with
    /// -ECANCELED or with its normal result; until then the kernel may use the request's memory.
    /// Does nothing if it is not pending.
    void request_cancel() noexcept;

protected:
    ~FileOperation() { abandon(); }

    /// Called on the loop's thread with the result (a non-negative number, or -errno). May destroy
    /// the operation or start it again.
    virtual void on_complete(std::int64_t result) noexcept = 0;

    /// Withdraws a pending operation: it will not complete. Blocks until its memory is free.
    void abandon() noexcept;

private:
    friend class LongOpen;
    friend class ThreadFileOperations;
    friend class UringFileOperations;

    /// The work given to a thread.
    struct Work final : BlockingWork {
        explicit Work(FileOperation& owner) noexcept : operation(owner) {}
        void perform() noexcept override;
        FileOperation& operation;
    };
    enum class State : std::uint8_t {
        queued,     // not started, as far as the loop knows
        running,    // in the kernel: its end must be awaited
        cancelling, // also in the kernel, and to be cancelled
        cancelled,  // also in the kernel, and a cancel has been submitted
        done,       // its result is to be delivered
    };

    void complete() noexcept;

    Work work_{*this};
    FileRequest request_;
    FileOperations* operations_ = nullptr; // set while pending
    State state_ = State::queued;
    bool is_cancel_requested_ = false;
    std::int64_t result_ = 0;
    open_how how_{};                      // what the kernel reads of an open
    std::shared_ptr<LongOpen> long_open_; // completes it, if it is an open that waits for others
};

} // namespace hocket::engine
