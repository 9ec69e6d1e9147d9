#pragma once

#include <cstdint>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::detail {

/// A process, told from a later one with the same number by the time at which it started.
struct ProcessIdentity {
    std::int32_t pid = 0;      // 0: none
    std::uint64_t started = 0; // in clock ticks since the machine started

    friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// This process. Any thread; also right in the child of a fork.
[[nodiscard]] ProcessIdentity this_process();

/// A descriptor that can be read once the process has ended; a closed one when it has ended
/// already. Throws std::system_error when out of descriptors.
[[nodiscard]] engine::FileDescriptor watch_process(const ProcessIdentity& process);

} // namespace hocket::detail
