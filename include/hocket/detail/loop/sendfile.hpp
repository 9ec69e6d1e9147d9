#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

namespace hocket {

/// Which part of a file to send, and how. The names are Python's.
struct SendfileOptions {
    std::int64_t offset = 0;                ///< Where to start.
    std::optional<std::int64_t> count = {}; ///< How many bytes; if empty, up to the end.
    /// If the kernel cannot send this file directly (for example a pipe), read it on a thread and
    /// write the data. If false, SendfileNotAvailableError is thrown instead.
    bool fallback = true;
};

namespace detail {

/// An object with a descriptor to read from.
template <class F>
concept HasFileno = requires(const F& file) {
    { file.fileno() } -> std::convertible_to<int>;
};

} // namespace detail

} // namespace hocket
