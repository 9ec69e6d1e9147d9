#include "files/file_status.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace hocket {

namespace detail {

namespace {

std::chrono::system_clock::time_point to_time(const statx_timestamp& time) noexcept {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

} // namespace

files::StatResult to_stat_result(const struct statx& status) noexcept {
    files::StatResult result;
    result.mode = status.stx_mode;
    result.ino = status.stx_ino;
    result.dev = makedev(status.stx_dev_major, status.stx_dev_minor);
    result.nlink = status.stx_nlink;
    result.uid = status.stx_uid;
    result.gid = status.stx_gid;
    result.size = static_cast<std::int64_t>(status.stx_size);
    result.atime = to_time(status.stx_atime);
    result.mtime = to_time(status.stx_mtime);
    result.ctime = to_time(status.stx_ctime);
    return result;
}

} // namespace detail

namespace files {

bool StatResult::is_file() const noexcept { return S_ISREG(mode); }
bool StatResult::is_dir() const noexcept { return S_ISDIR(mode); }
bool StatResult::is_symlink() const noexcept { return S_ISLNK(mode); }

} // namespace files
} // namespace hocket
