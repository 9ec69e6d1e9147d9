#include "observe/socket_folder.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/last_error.hpp"

namespace hocket::observer {

namespace {

std::string temporary_folder(uid_t user) { return "/tmp/hocket-" + std::to_string(user); }

bool somebody_listens(const std::string& path) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return false;
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const engine::FileDescriptor fd(
        ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return ::connect(fd.fileno(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
               0 ||
           errno != ECONNREFUSED;
}

} // namespace

std::string socket_folder() {
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') {
        return std::string(runtime) + "/hocket";
    }
    return temporary_folder(::geteuid());
}

std::vector<std::string> socket_folders_of(uid_t user) {
    std::vector<std::string> folders{"/run/user/" + std::to_string(user) + "/hocket",
                                     temporary_folder(user)};
    if (user == ::geteuid()) {
        folders.insert(folders.begin(), socket_folder());
    }
    return folders;
}

std::string socket_name(pid_t process) { return std::to_string(process) + ".sock"; }

void require_own_folder(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw std::system_error(engine::last_error(), "create the folder " + folder);
    }
    // Not stat: a link could lead to a folder of somebody else's choice.
    struct stat found {};
    if (::lstat(folder.c_str(), &found) != 0) {
        throw std::system_error(engine::last_error(), "look at the folder " + folder);
    }
    if (!S_ISDIR(found.st_mode)) {
        throw std::runtime_error(folder + " is not a folder");
    }
    if (found.st_uid != ::geteuid()) {
        throw std::runtime_error("the folder " + folder + " belongs to user " +
                                 std::to_string(found.st_uid) + ", not to user " +
                                 std::to_string(::geteuid()));
    }
    if ((found.st_mode & 077) != 0) {
        throw std::runtime_error("the folder " + folder +
                                 " is open to other users: its mode must be 0700");
    }
}

void remove_stale_sockets(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        pid_t process = 0;
        const auto number = std::from_chars(name.data(), name.data() + name.size(), process);
        // A process of a container that shares the folder listens, although its number is unknown
        // here.
        if (number.ec == std::errc() && name == socket_name(process) && process > 0 &&
            ::kill(process, 0) != 0 && errno == ESRCH && !somebody_listens(entry->path())) {
            ::unlink(entry->path().c_str());
        }
    }
}

} // namespace hocket::observer
