#pragma once

#include <cstdint>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// A process. The start time distinguishes it from a later process with the same pid.
struct ProcessIdentity {
    std::int32_t pid = 0;      // 0: none
    std::uint64_t started = 0; // in clock ticks since the machine started

    friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// This process. May be called on any thread, and in the child of a fork.
[[nodiscard]] ProcessIdentity this_process();

/// A descriptor that becomes readable when the process ends. It is closed if the process has
/// already ended. Throws std::system_error if there are no more descriptors.
[[nodiscard]] engine::FileDescriptor watch_process(const ProcessIdentity& process);

} // namespace hocket::detail
