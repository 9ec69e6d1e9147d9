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

/// A call to the file system, in the kernel's terms. What the pointers point to must stay where it
/// is until the operation is over.
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
        function, ///< Whatever the kernel has no asynchronous call for.
    };
    /// Returns what a call returns: a number, or -errno. Called on another thread.
    using Function = std::int64_t (*)(void* context) noexcept;

    /// Yields a descriptor.
    static FileRequest open(const char* path, int flags, unsigned mode) noexcept;
    static FileRequest close(int fd) noexcept;
    /// Yields how many bytes; `offset` -1 is the file's own position.
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

    /// Does it now, on this thread, however long that takes.
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

/// A request on its way. Lives in whoever waits. Destroying it while it is pending waits until the
/// kernel has let go of the request's memory: for the milliseconds of a disk, usually.
class FileOperation : public ListLink {
public:
    [[nodiscard]] bool is_pending() const noexcept { return operations_ != nullptr; }
    /// Asks for an early end. The operation still completes in a later turn, once: with -ECANCELED,
    /// or as it would have; until then the kernel may use the request's memory. Does nothing when
    /// it is not pending.
    void request_cancel() noexcept;

protected:
    ~FileOperation() { abandon(); }

    /// On the loop's thread: how the call ended (a number that is not negative, or -errno). May
    /// destroy the operation, or start it again.
    virtual void on_complete(std::int64_t result) noexcept = 0;

    /// Withdraws a pending operation: it will not complete. Blocks until its memory is free.
    void abandon() noexcept;

private:
    friend class LongOpen;
    friend class ThreadFileOperations;
    friend class UringFileOperations;

    /// What a thread is given to do.
    struct Work final : BlockingWork {
        explicit Work(FileOperation& owner) noexcept : operation(owner) {}
        void perform() noexcept override;
        FileOperation& operation;
    };
    enum class State : std::uint8_t {
        queued,     // not begun, as far as the loop knows
        running,    // with the kernel: its end must be waited for
        cancelling, // likewise, and the kernel is to be told
        cancelled,  // likewise, and the kernel has been told
        done,       // to be delivered
    };

    void complete() noexcept;

    Work work_{*this};
    FileRequest request_;
    FileOperations* operations_ = nullptr; // while pending
    State state_ = State::queued;
    bool is_cancel_requested_ = false;
    std::int64_t result_ = 0;
    open_how how_{};                      // what the kernel reads of an open
    std::shared_ptr<LongOpen> long_open_; // completes it, if it is an open that waits for others
};

} // namespace hocket::engine
