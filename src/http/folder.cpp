#include "http/folder.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/ascii.hpp"

namespace hocket::http::detail {
namespace {

// A path may name a FIFO, which must not block the loop until somebody writes to it.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

bool has_parent_segment(std::string_view path) noexcept {
    for (;;) {
        const std::size_t slash = path.find('/');
        if (path.substr(0, slash) == "..") return true;
        if (slash == std::string_view::npos) return false;
        path.remove_prefix(slash + 1);
    }
}

int status_of(int error) noexcept {
    switch (error) {
    case EACCES:
    case EPERM:
    case ELOOP: // a link, and links are refused
    case EXDEV: // a link that leads out of the folder
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return 503;
    default: return 404;
    }
}

/// Whether openat2 is missing: an old kernel, or a sandbox that forbids it.
bool is_missing(int error) noexcept { return error == ENOSYS || error == EPERM; }

/// The same check without openat2. Somebody who can change the folder meanwhile can get around it.
bool is_allowed(const std::filesystem::path& folder, const std::filesystem::path& below,
                Symlinks symlinks) {
    std::error_code error;
    const auto real = std::filesystem::canonical(folder / below, error);
    const auto real_folder = std::filesystem::canonical(folder, error);
    if (error) return true; // open() says what is wrong
    const auto relative = real.lexically_relative(real_folder);
    if (relative.empty() || *relative.begin() == "..") return false;
    return symlinks != Symlinks::refuse || relative == below.lexically_normal();
}

} // namespace

Folder::Folder(const std::string& path, Symlinks symlinks)
    : path_(path),
      symlinks_(symlinks),
      folder_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!folder_.is_open()) {
        throw std::system_error(errno, std::generic_category(),
                                "open the folder of static files " + quoted(path, 200));
    }
}

FileDescriptor Folder::open_below(const std::string& path, int& error) const {
    error = 0;
    if (symlinks_ != Symlinks::follow) {
        struct open_how how {};
        how.flags = open_flags;
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
                      (symlinks_ == Symlinks::refuse ? RESOLVE_NO_SYMLINKS : 0);
        const long opened =
            ::syscall(SYS_openat2, folder_.fileno(), path.c_str(), &how, sizeof(how));
        if (opened >= 0) return FileDescriptor(static_cast<int>(opened));
        error = errno;
        if (!is_missing(error)) return {};
        if (!is_allowed(path_, path, symlinks_)) {
            error = EXDEV;
            return {};
        }
    }
    FileDescriptor file(::openat(folder_.fileno(), path.c_str(), open_flags));
    error = file.is_open() ? 0 : errno;
    return file;
}

OpenedFile Folder::open(std::string_view path) const {
    OpenedFile opened;
    if (path.find('\0') != std::string_view::npos) {
        opened.status = 400;
        return opened;
    }
    if (has_parent_segment(path)) {
        opened.status = 403;
        return opened;
    }
    // Several slashes at the front are one; a path from the root would not be below the folder.
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    opened.name = path.empty() ? "." : std::string(path);

    int error = 0;
    struct stat status {};
    opened.file = open_below(opened.name, error);
    const auto look = [&] {
        if (opened.file.is_open() && ::fstat(opened.file.fileno(), &status) != 0) error = errno;
    };
    look();
    if (error == 0 && S_ISDIR(status.st_mode)) {
        if (!path.empty() && !path.ends_with('/')) {
            opened.status = 301;
            return opened;
        }
        opened.name += path.empty() ? "/index.html" : "index.html";
        opened.file = open_below(opened.name, error);
        // The folder exists, but there is nothing to show of it.
        if (error == ENOENT) error = EACCES;
        look();
    }
    if (error != 0) {
        opened.status = status_of(error);
    } else if (!S_ISREG(status.st_mode)) {
        opened.status = 403;
    } else {
        opened.version = FileVersion::of(status);
    }
    return opened;
}

} // namespace hocket::http::detail
