#include <hocket/files.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "files/file_call.hpp"

namespace hocket::files {

namespace {

/// A folder, identified independently of its path.
struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    std::shared_ptr<const Identity> parent;

    [[nodiscard]] bool is_within_itself() const noexcept {
        for (const Identity* above = parent.get(); above != nullptr; above = above->parent.get()) {
            if (above->device == device && above->inode == inode) {
                return true;
            }
        }
        return false;
    }
};

/// A folder, which is read on another thread.
struct Folder {
    std::string path;
    std::shared_ptr<Identity> identity = std::make_shared<Identity>();
    std::vector<std::string> dirnames = {};
    std::vector<std::string> filenames = {};
    std::vector<std::string> links = {}; // those of dirnames that are symbolic links
    bool is_read = false;                // bottom up: the folders in it come first

    [[nodiscard]] bool is_link(const std::string& name) const {
        return std::find(links.begin(), links.end(), name) != links.end();
    }
    static std::int64_t read(void* context) noexcept;
};

bool is_symlink(int fd, const dirent& entry) noexcept {
    if (entry.d_type != DT_UNKNOWN) {
        return entry.d_type == DT_LNK;
    }
    struct ::stat status {};
    return ::fstatat(fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(status.st_mode);
}

bool is_folder(int fd, const dirent& entry) noexcept {
    if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) {
        return entry.d_type == DT_DIR;
    }
    struct ::stat status {};
    return ::fstatat(fd, entry.d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

std::int64_t Folder::read(void* context) noexcept {
    auto& self = *static_cast<Folder*>(context);
    DIR* const folder = ::opendir(self.path.c_str());
    if (folder == nullptr) {
        return -errno;
    }
    struct ::stat status {};
    if (::fstat(::dirfd(folder), &status) == 0) {
        self.identity->device = status.st_dev;
        self.identity->inode = status.st_ino;
    }
    int error = 0;
    while (!self.identity->is_within_itself()) {
        errno = 0;
        const dirent* const entry = ::readdir(folder);
        if (entry == nullptr) {
            error = errno;
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            const bool is_dir = is_folder(::dirfd(folder), *entry);
            if (is_dir && is_symlink(::dirfd(folder), *entry)) {
                self.links.emplace_back(name);
            }
            (is_dir ? self.dirnames : self.filenames).emplace_back(name);
        }
    }
    ::closedir(folder);
    return -error;
}

AsyncGenerator<WalkEntry> walk_folders(std::string path, WalkOptions options) {
    std::vector<Folder> stack;
    stack.push_back(Folder{.path = std::move(path)});
    while (!stack.empty()) {
        Folder folder = std::move(stack.back());
        stack.pop_back();
        if (!folder.is_read) {
            detail::FileCall call(engine::FileRequest::call(&Folder::read, &folder));
            const std::int64_t result = co_await call;
            if (result < 0) {
                if (options.onerror) {
                    options.onerror(std::system_error(
                        static_cast<int>(-result), std::system_category(), "walk " + folder.path));
                }
                continue;
            }
            folder.is_read = true;
            if (folder.identity->is_within_itself()) {
                continue;
            }
            if (options.topdown) {
                co_yield WalkEntry{folder.path, folder.dirnames, folder.filenames};
            }
            std::vector<Folder> below;
            for (const std::string& name : folder.dirnames) {
                if (options.followlinks || !folder.is_link(name)) {
                    below.push_back(Folder{.path = detail::join_path(folder.path, name)});
                    below.back().identity->parent = folder.identity;
                }
            }
            if (!options.topdown) {
                stack.push_back(std::move(folder));
            }
            // Push in reverse, so that the first one is on top.
            for (auto inner = below.rbegin(); inner != below.rend(); ++inner) {
                stack.push_back(std::move(*inner));
            }
        } else {
            co_yield WalkEntry{folder.path, folder.dirnames, folder.filenames};
        }
    }
}

} // namespace

AsyncGenerator<WalkEntry> walk(PathView path, WalkOptions options) {
    return walk_folders(path.str(), std::move(options));
}

} // namespace hocket::files
