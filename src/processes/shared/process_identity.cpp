#include "processes/shared/process_identity.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::detail {

namespace {

// Field 22 of /proc/<pid>/stat; 0 if it cannot be read. The second field is the program's name in
// parentheses, which may contain any character.
std::uint64_t start_time(std::int32_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const engine::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open() && (errno == EMFILE || errno == ENFILE)) {
        engine::throw_errno("open " + path);
    }
    std::array<char, 1024> space{};
    const ssize_t size = file.is_open() ? ::read(file.fileno(), space.data(), space.size()) : -1;
    if (size <= 0) {
        return 0;
    }
    std::string_view text(space.data(), static_cast<std::size_t>(size));
    text.remove_prefix(text.rfind(')') + 1);
    for (int field = 3; field <= 22; ++field) {
        text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
    }
    std::uint64_t started = 0;
    std::from_chars(text.data(), text.data() + text.size(), started);
    return started;
}

} // namespace

ProcessIdentity this_process() {
    // Read again after a fork, because the pid changes.
    static thread_local ProcessIdentity known;
    if (const auto pid = static_cast<std::int32_t>(::getpid()); known.pid != pid) {
        known = {pid, start_time(pid)};
    }
    return known;
}

engine::FileDescriptor watch_process(const ProcessIdentity& process) {
    engine::FileDescriptor watch(
        static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0))); // is close-on-exec
    if (!watch.is_open()) {
        if (errno != ESRCH) {
            engine::throw_errno("watch process " + std::to_string(process.pid));
        }
        return watch;
    }
    // The pid cannot be reused while the descriptor is open and its process is not reaped.
    pollfd ended{watch.fileno(), POLLIN, 0};
    const bool has_ended = ::poll(&ended, 1, 0) > 0;
    const std::uint64_t started = has_ended ? 0 : start_time(process.pid);
    // 0: /proc hides other users' processes. Then accept whichever process has the pid now.
    if (has_ended || (started != 0 && started != process.started)) {
        watch.close();
    }
    return watch;
}

} // namespace hocket::detail
