#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include <sys/stat.h>

namespace hocket::http::detail {

/// What differs between two versions of a file.
struct FileVersion {
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_nanoseconds = 0;

    [[nodiscard]] static FileVersion of(const struct stat& status) noexcept {
        return {status.st_ino, static_cast<std::uint64_t>(status.st_size),
                std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
    }
    [[nodiscard]] std::time_t modified() const noexcept {
        return modified_nanoseconds / 1'000'000'000;
    }
    /// A strong validator. Without the inode, so that copies of a file on several machines agree.
    [[nodiscard]] std::string etag() const;
    bool operator==(const FileVersion&) const = default;
};

} // namespace hocket::http::detail
