#pragma once

#include <utility>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// The owner's end of the socket to a worker. The worker ends when nobody has it open any more:
/// so a worker that is forked from the owner must close what it has got of the others' (close_all).
/// Any thread, each of its own.
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

    /// Both ends of a new socket (SOCK_SEQPACKET). The owner's does not block; the worker's does.
    /// Throws std::system_error.
    [[nodiscard]] static std::pair<OwnerEnd, engine::FileDescriptor> connect();
    /// In a forked child of this process: closes its copies of all that its parent has.
    static void close_all() noexcept;

    [[nodiscard]] int fileno() const noexcept { return end_.fileno(); }
    void close() noexcept;

private:
    OwnerEnd(engine::FileDescriptor end, pid_t process) noexcept
        : end_(std::move(end)), process_(process) {}

    engine::FileDescriptor end_;
    pid_t process_ = 0; // whose it is: in a forked child the number soon is another descriptor's
};

} // namespace hocket::detail
