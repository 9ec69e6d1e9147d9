#include <hocket/listen_fds.hpp>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/last_error.hpp"

namespace hocket {

namespace {

constexpr int first_descriptor = 3; // SD_LISTEN_FDS_START

std::optional<std::string> take_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::string taken(value);
    ::unsetenv(name);
    return taken;
}

int number_in(const char* variable, const std::string& text, int most) {
    int value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value < 0 || value > most) {
        throw ValueError(std::string(variable) + " is \"" + text + "\", not a number from 0 to " +
                         std::to_string(most));
    }
    return value;
}

/// Takes the next of the colon-separated names. After the last one, the name is "unknown", as in
/// systemd.
std::string next_name(std::string_view& names) {
    if (names.data() == nullptr) {
        return "unknown";
    }
    const std::size_t colon = names.find(':');
    std::string name(names.substr(0, colon));
    names = colon == std::string_view::npos ? std::string_view() : names.substr(colon + 1);
    return name;
}

void make_own(int fd, const std::string& name) {
    int type = 0;
    socklen_t size = sizeof type;
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        engine::throw_errno("take over descriptor " + std::to_string(fd) + " (" + name +
                            ") from LISTEN_FDS");
    }
}

} // namespace

std::vector<ActivatedSocket> listen_fds() {
    const std::optional<std::string> pid = take_variable("LISTEN_PID");
    const std::optional<std::string> count = take_variable("LISTEN_FDS");
    const std::optional<std::string> names = take_variable("LISTEN_FDNAMES");
    if (!pid || !count || number_in("LISTEN_PID", *pid, INT_MAX) != ::getpid()) {
        return {};
    }
    const int sockets = number_in("LISTEN_FDS", *count, INT_MAX - first_descriptor);
    std::string_view names_left = names ? std::string_view(*names) : std::string_view();
    std::vector<ActivatedSocket> taken;
    for (int fd = first_descriptor; fd < first_descriptor + sockets; ++fd) {
        std::string name = next_name(names_left);
        make_own(fd, name);
        taken.push_back({Socket(fd), std::move(name)});
    }
    return taken;
}

} // namespace hocket
