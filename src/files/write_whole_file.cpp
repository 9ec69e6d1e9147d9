#include <hocket/files.hpp>

#include <cerrno>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file_call.hpp"
#include "files/file_state.hpp"

namespace hocket::files {

namespace {

using engine::FileRequest;

std::string folder_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// The path and status of a file that is to be replaced.
struct Target {
    std::string path;
    bool is_there = false;
    bool is_regular = false;
    struct ::stat status {};

    static std::int64_t find(void* context) noexcept;
};

std::int64_t Target::find(void* context) noexcept {
    auto& self = *static_cast<Target*>(context);
    // A symbolic link stays: its target is replaced, even if that does not exist yet.
    char link[4096];
    for (int links = 0;; ++links) {
        const ssize_t length = ::readlink(self.path.c_str(), link, sizeof link);
        if (length < 0) {
            break;
        }
        if (links == 40) {
            return -ELOOP;
        }
        const std::string_view to(link, static_cast<std::size_t>(length));
        const std::string base = to.substr(0, 1) == "/" ? "" : folder_of(self.path) + "/";
        self.path = base + std::string(to);
    }
    if (::stat(self.path.c_str(), &self.status) != 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    self.is_there = true;
    self.is_regular = S_ISREG(self.status.st_mode);
    // A user who may not write to the file must not replace it, although the system would allow
    // that.
    return ::faccessat(AT_FDCWD, self.path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

/// A file that is removed by the destructor. It uses blocking calls, which cannot be cancelled,
/// because the file must be removed even when the loop is closed.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& target) {
        static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        std::random_device random;
        path_ = folder_of(target) + "/.hocket-";
        for (int i = 0; i < 16; ++i) {
            path_ += letters[random() % letters.size()];
        }
    }
    ~TemporaryFile() {
        if (is_there_) {
            ::unlink(path_.c_str());
        }
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Set it before the file is made. Reset it when making failed or the file has been renamed.
    void set_there(bool is_there) noexcept { is_there_ = is_there; }

private:
    std::string path_;
    bool is_there_ = false;
};

struct Permissions {
    int fd;
    const struct ::stat& wanted;

    static std::int64_t set(void* context) noexcept {
        const auto& self = *static_cast<Permissions*>(context);
        // Change the owner first, because that clears the set-user-id bit. It may fail without
        // privileges.
        static_cast<void>(!::fchown(self.fd, self.wanted.st_uid, self.wanted.st_gid));
        return ::fchmod(self.fd, self.wanted.st_mode & 07777) == 0 ? 0 : -errno;
    }
};

Coro<> require(const char* name, const std::string& path, FileRequest request) {
    detail::FileCall call(request);
    const std::int64_t result = co_await call;
    if (result < 0) {
        detail::fail_call(name, path, result);
    }
}

Coro<> sync_folder(std::string path) {
    const engine::FileDescriptor fd =
        co_await detail::open_descriptor(path, O_RDONLY | O_DIRECTORY, 0);
    co_await require("fsync", path, FileRequest::sync(fd.fileno(), false));
}

Coro<std::size_t> write_in_place(std::string path, std::string_view data) {
    const File file = co_await open(path, "w");
    co_await file.write(data);
    co_await file.close();
    co_return data.size();
}

Coro<std::size_t> write_whole(std::string path, std::string_view data, WriteOptions options) {
    Target target{.path = path};
    co_await require("open", path, FileRequest::call(&Target::find, &target));
    if (target.is_there && !target.is_regular) {
        co_return co_await write_in_place(std::move(path), data);
    }
    TemporaryFile temporary(target.path);
    temporary.set_there(true);
    detail::FileCall opening(FileRequest::open(temporary.path().c_str(),
                                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                                               target.is_there ? 0600 : options.permissions));
    const std::int64_t opened = co_await opening;
    if (opened < 0) {
        temporary.set_there(false); // if the file exists, it is not ours
        detail::fail_call("open", target.path, opened);
    }
    detail::FileState file(opening.take_descriptor(), path, detail::FileMode::parse("w"));
    co_await file.write_at(data, 0);
    if (target.is_there) {
        Permissions permissions{file.fileno(), target.status};
        co_await require("chmod", path, FileRequest::call(&Permissions::set, &permissions));
    }
    if (options.durable) {
        co_await require("fsync", path, FileRequest::sync(file.fileno(), false));
    }
    co_await file.close();
    co_await require("rename", path,
                     FileRequest::rename(temporary.path().c_str(), target.path.c_str()));
    temporary.set_there(false);
    if (options.durable) {
        co_await sync_folder(folder_of(target.path));
    }
    co_return data.size();
}

} // namespace

Coro<std::size_t> write_bytes(PathView path, std::string_view data, WriteOptions options) {
    return write_whole(path.str(), data, options);
}
Coro<std::size_t> write_text(PathView path, std::string_view data, WriteOptions options) {
    return write_whole(path.str(), data, options);
}

} // namespace hocket::files
