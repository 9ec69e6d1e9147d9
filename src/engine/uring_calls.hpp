#pragma once

#include <cstdint>

#include <liburing.h>

#include "engine/file_operation.hpp"

namespace hocket::engine {

// What io_uring can do of the calls to the file system, and how it is asked.

/// A bit for each FileRequest::Call.
using UringCalls = std::uint32_t;

[[nodiscard]] constexpr UringCalls uring_call(FileRequest::Call call) noexcept {
    return UringCalls{1} << static_cast<unsigned>(call);
}

/// Those that this kernel knows; 0, and `code` -errno, when that is not enough, or when the ring
/// may be made but not used.
[[nodiscard]] UringCalls probe_uring(io_uring& ring, int& code) noexcept;

/// Whether `request` is an open that the kernel never tries without blocking a worker: it may
/// create or truncate the file.
[[nodiscard]] bool is_blocking_open(const FileRequest& request) noexcept;

/// Fills in `entry`. What `request` refers to must stay as it is until the kernel is done, and so
/// must `how`, which an open fills in. The kernel opens only what it can open without blocking, and
/// answers EAGAIN to the rest.
void prepare_uring_call(io_uring_sqe& entry, const FileRequest& request, open_how& how) noexcept;

/// Whether `result` says that a signal, or the end of the kernel's worker, cut the call short.
[[nodiscard]] bool is_uring_interruption(int result) noexcept;

} // namespace hocket::engine
