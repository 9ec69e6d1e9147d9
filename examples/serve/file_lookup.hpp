#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace serve {

/// What makes a file the same as a second ago.
struct FileVersion {
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_nanoseconds = 0;

    std::time_t modified() const { return modified_nanoseconds / 1'000'000'000; }
    bool operator==(const FileVersion&) const = default;
};

FileVersion version_of(const struct stat& status);

/// What a request target stands for in the file system.
struct FileLookup {
    int status = 200;       ///< 200, 301 (see location), 400, 403 or 404
    std::string path{};     ///< of the file, where status is 200
    std::string location{}; ///< where a directory without its slash is to be asked for
    FileVersion version{};
};

/// Finds the file below `directory` that `target` names: the query is ignored, escapes are decoded,
/// a directory stands for its index.html. A path with a ".." in it is refused with 403, whether or
/// not it would leave the directory. Symbolic links are followed: they are the owner's.
FileLookup look_up(const std::string& directory, std::string_view target);

} // namespace serve
