#pragma once

#include <cstdint>

#include <liburing.h>

#include "engine/file_operation.hpp"

namespace hocket::engine {

// Which file system calls io_uring supports, and how to submit them.

/// A bit for each FileRequest::Call.
using UringCalls = std::uint32_t;

[[nodiscard]] constexpr UringCalls uring_call(FileRequest::Call call) noexcept {
    return UringCalls{1} << static_cast<unsigned>(call);
}

/// The calls that this kernel supports. If they are not enough, or the ring can be created but not
/// used, returns 0 and sets `code` to -errno.
[[nodiscard]] UringCalls probe_uring(io_uring& ring, int& code) noexcept;

/// Whether `request` is an open that the kernel never tries without blocking a worker: it may
/// create or truncate the file.
[[nodiscard]] bool is_blocking_open(const FileRequest& request) noexcept;

/// Fills in `entry`. What `request` refers to must stay as it is until the kernel is done, and so
/// must `how`, which an open fills in. The kernel opens only what it can open without blocking, and
/// answers EAGAIN to the rest.
void prepare_uring_call(io_uring_sqe& entry, const FileRequest& request, open_how& how) noexcept;

/// Whether `result` means that a signal or the end of the kernel's worker interrupted the call.
[[nodiscard]] bool is_uring_interruption(int result) noexcept;

} // namespace hocket::engine
