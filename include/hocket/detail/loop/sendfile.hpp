#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

namespace hocket {

/// Which part of a file to send, and how. The names are Python's.
struct SendfileOptions {
    std::int64_t offset = 0;                ///< Where to begin.
    std::optional<std::int64_t> count = {}; ///< How many bytes; unset: all there are.
    /// When the kernel cannot send this file by itself (a pipe, say): read it on a thread and write
    /// what was read. False: SendfileNotAvailableError.
    bool fallback = true;
};

namespace detail {

/// What has a descriptor to read from.
template <class F>
concept HasFileno = requires(const F& file) {
    { file.fileno() } -> std::convertible_to<int>;
};

} // namespace detail

} // namespace hocket
