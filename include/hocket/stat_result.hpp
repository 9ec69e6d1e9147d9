#pragma once

#include <chrono>
#include <cstdint>

namespace hocket::files {

/// Information about a file: Python's os.stat_result, without the prefix "st_", because the C
/// library defines macros with those names.
struct StatResult {
    unsigned mode = 0; ///< type and permissions: S_IFREG | 0644
    std::uint64_t ino = 0;
    std::uint64_t dev = 0;
    std::uint64_t nlink = 0;
    unsigned uid = 0;
    unsigned gid = 0;
    std::int64_t size = 0; ///< in bytes; 0 for files in /proc, whatever they contain
    std::chrono::system_clock::time_point atime; ///< last read
    std::chrono::system_clock::time_point mtime; ///< last change of the content
    std::chrono::system_clock::time_point ctime; ///< last change of content or metadata

    [[nodiscard]] bool is_file() const noexcept; ///< A regular file.
    [[nodiscard]] bool is_dir() const noexcept;
    [[nodiscard]] bool is_symlink() const noexcept; ///< Only from lstat.
};

} // namespace hocket::files
