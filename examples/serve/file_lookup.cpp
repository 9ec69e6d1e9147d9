#include "serve/file_lookup.hpp"

#include <cerrno>

#include "web/percent.hpp"

namespace serve {
namespace {

/// The path of a target: "http://host/a?b" and "/a?b" are both "/a".
std::string_view path_of(std::string_view target) {
    if (!target.starts_with('/')) {
        const auto host = target.find("://");
        if (host == target.npos) return {};
        target.remove_prefix(host + 3);
        const auto slash = target.find_first_of("/?");
        if (slash == target.npos || target[slash] == '?') return "/";
        target.remove_prefix(slash);
    }
    return target.substr(0, target.find('?'));
}

bool has_parent_segment(std::string_view path) {
    for (;;) {
        const auto slash = path.find('/');
        if (path.substr(0, slash) == "..") return true;
        if (slash == path.npos) return false;
        path.remove_prefix(slash + 1);
    }
}

/// The same directory with its slash. Several slashes at the front become one: "//x/" would name
/// another host.
std::string with_slash(std::string_view target) {
    const std::string_view path = path_of(target);
    const auto question = target.find('?');
    std::string location = "/" + std::string(path.substr(path.find_first_not_of('/'))) + "/";
    if (question != target.npos) location += target.substr(question);
    return location;
}

FileLookup failure(int error) { return {.status = error == EACCES || error == EPERM ? 403 : 404}; }

} // namespace

FileVersion version_of(const struct stat& status) {
    return {status.st_ino, static_cast<std::uint64_t>(status.st_size),
            status.st_mtim.tv_sec * 1'000'000'000L + status.st_mtim.tv_nsec};
}

FileLookup look_up(const std::string& directory, std::string_view target) {
    const auto path = web::percent_decode(path_of(target));
    if (!path || path->empty() || path->find('\0') != path->npos) return {.status = 400};
    if (has_parent_segment(*path)) return {.status = 403};

    FileLookup found{.path = directory + *path};
    struct stat status {};
    if (::stat(found.path.c_str(), &status) != 0) return failure(errno);
    if (S_ISDIR(status.st_mode)) {
        if (!path->ends_with('/')) return {.status = 301, .location = with_slash(target)};
        found.path += "index.html";
        // A directory without an index is there, but its list is nobody's business.
        if (::stat(found.path.c_str(), &status) != 0) return {.status = 403};
    }
    if (!S_ISREG(status.st_mode)) return {.status = 403};
    found.version = version_of(status);
    return found;
}

} // namespace serve
