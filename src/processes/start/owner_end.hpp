#pragma once

#include <utility>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// The owner's end of the socket to a worker. The worker ends when all copies of this end are
/// closed. A worker that is forked from the owner must therefore close its copies of the other
/// workers' ends (close_all). Different objects may be used on different threads.
class OwnerEnd {
public:
    OwnerEnd() noexcept = default;
    OwnerEnd(OwnerEnd&& other) noexcept = default;
    OwnerEnd& operator=(OwnerEnd&& other) noexcept {
        std::swap(end_, other.end_);
        std::swap(process_, other.process_);
        return *this;
    }
    ~OwnerEnd() { close(); }

    /// Both ends of a new socket (SOCK_SEQPACKET). The owner's end does not block; the worker's
    /// does. Throws std::system_error.
    [[nodiscard]] static std::pair<OwnerEnd, engine::FileDescriptor> connect();
    /// For a forked child of this process: closes its copies of all its parent's ends.
    static void close_all() noexcept;

    [[nodiscard]] int fileno() const noexcept { return end_.fileno(); }
    void close() noexcept;

private:
    OwnerEnd(engine::FileDescriptor end, pid_t process) noexcept
        : end_(std::move(end)), process_(process) {}

    engine::FileDescriptor end_;
    pid_t process_ = 0; // the process that owns it: in a forked child the number soon belongs to
                        // another descriptor
};

} // namespace hocket::detail
