#include <hocket/files.hpp>

#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "files/file_call.hpp"
#include "files/file_state.hpp"
#include "files/file_status.hpp"

namespace hocket::files {

namespace {

using engine::FileRequest;

Coro<std::string> read_all(std::string path) {
    const File file = co_await open(path);
    std::string bytes = co_await file.read();
    co_await file.close();
    co_return bytes;
}

Coro<StatResult> stat_at(std::string path, int flags, const char* name) {
    struct statx status {};
    detail::FileCall call(FileRequest::stat(path.c_str(), flags, status));
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call(name, path, result);
    }
    co_return detail::to_stat_result(status);
}

Coro<bool> exists_at(std::string path) {
    struct statx status {};
    detail::FileCall call(FileRequest::stat(path.c_str(), 0, status));
    const std::int64_t result = co_await call;
    co_return result == 0;
}

Coro<> rename_path(std::string from, std::string to) {
    detail::FileCall call(FileRequest::rename(from.c_str(), to.c_str()));
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call("rename", from + " to " + to, result);
    }
}

Coro<> unlink_path(std::string path, int flags, const char* name) {
    detail::FileCall call(FileRequest::unlink(path.c_str(), flags));
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call(name, path, result);
    }
}

Coro<std::int64_t> try_mkdir(const std::string& path, unsigned permissions) {
    detail::FileCall call(FileRequest::make_directory(path.c_str(), permissions));
    co_return co_await call;
}

Coro<> make_directory(std::string path, unsigned permissions) {
    const std::int64_t result = co_await try_mkdir(path, permissions);
    if (result < 0) {
        detail::fail_call("mkdir", path, result);
    }
}

Coro<> make_directories(std::string path, unsigned permissions, bool exist_ok) {
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    // Go up to the first folder that can be made, then down again.
    std::vector<std::string> missing;
    std::string at = path;
    for (;;) {
        const bool is_last = missing.empty();
        // As in Python, the permissions apply to the last folder only.
        const std::int64_t result = co_await try_mkdir(at, is_last ? permissions : 0777);
        if (result == 0) {
            break;
        }
        const auto slash = at.find_last_of('/');
        if (result == -ENOENT && slash != std::string::npos && slash != 0) {
            missing.push_back(at);
            at.resize(slash);
            continue;
        }
        if (result == -EEXIST && !is_last) {
            break; // another process made it meanwhile
        }
        if (is_last && exist_ok) {
            // For any error: EEXIST, or EROFS for a folder that exists.
            struct statx status {};
            detail::FileCall call(FileRequest::stat(at.c_str(), 0, status));
            const std::int64_t looked = co_await call;
            if (looked == 0 && S_ISDIR(status.stx_mode)) {
                co_return;
            }
        }
        detail::fail_call("mkdir", at, result);
    }
    while (!missing.empty()) {
        const bool is_last = missing.size() == 1;
        const std::int64_t result =
            co_await try_mkdir(missing.back(), is_last ? permissions : 0777);
        if (result < 0 && (result != -EEXIST || (is_last && !exist_ok))) {
            detail::fail_call("mkdir", missing.back(), result);
        }
        missing.pop_back();
    }
}

Coro<> sync_path(std::string path) {
    engine::FileDescriptor fd = co_await detail::open_descriptor(path, O_RDONLY, 0);
    detail::FileCall call(FileRequest::sync(fd.fileno(), false));
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call("fsync", path, result);
    }
}

struct Listing {
    std::string path;
    std::vector<std::string> names;
    static std::int64_t perform(void* context) noexcept;
};

std::int64_t Listing::perform(void* context) noexcept {
    auto& self = *static_cast<Listing*>(context);
    DIR* const folder = ::opendir(self.path.c_str());
    if (folder == nullptr) {
        return -errno;
    }
    int error = 0;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(folder);
        if (entry == nullptr) {
            error = errno; // 0 at the end
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            self.names.emplace_back(name);
        }
    }
    ::closedir(folder);
    return -error;
}

Coro<std::vector<std::string>> list(std::string path) {
    Listing listing{std::move(path), {}};
    detail::FileCall call(FileRequest::call(&Listing::perform, &listing));
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call("listdir", listing.path, result);
    }
    co_return std::move(listing.names);
}

} // namespace

Coro<std::string> read_bytes(PathView path) { return read_all(path.str()); }
Coro<std::string> read_text(PathView path) { return read_all(path.str()); }

Coro<StatResult> stat(PathView path) { return stat_at(path.str(), 0, "stat"); }
Coro<StatResult> lstat(PathView path) { return stat_at(path.str(), AT_SYMLINK_NOFOLLOW, "lstat"); }
Coro<bool> exists(PathView path) { return exists_at(path.str()); }

Coro<std::vector<std::string>> listdir(PathView path) { return list(path.str()); }

Coro<> rename(PathView from, PathView to) { return rename_path(from.str(), to.str()); }
Coro<> replace(PathView from, PathView to) { return rename_path(from.str(), to.str()); }
Coro<> unlink(PathView path) { return unlink_path(path.str(), 0, "unlink"); }
Coro<> rmdir(PathView path) { return unlink_path(path.str(), AT_REMOVEDIR, "rmdir"); }
Coro<> mkdir(PathView path, unsigned permissions) {
    return make_directory(path.str(), permissions);
}
Coro<> makedirs(PathView path, unsigned permissions, bool exist_ok) {
    return make_directories(path.str(), permissions, exist_ok);
}
Coro<> fsync(PathView path) { return sync_path(path.str()); }

} // namespace hocket::files
