#include "observed_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "observe/socket_folder.hpp"

namespace hocket::tool {

namespace {

namespace fs = std::filesystem;
using engine::FileDescriptor;
using engine::StatusHeader;
using engine::StatusPage;

/// A field of /proc/PID/status: "" if there is no such process.
std::string status_field(pid_t process, const std::string& name) {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":\t")) {
            return line.substr(name.size() + 2);
        }
    }
    return "";
}

/// Throws Problem unless it is a process that this user may look into.
void require_process(pid_t process) {
    struct stat owner {};
    if (::stat(fmt::format("/proc/{}", process).c_str(), &owner) != 0) {
        throw Problem(fmt::format("there is no process {}", process));
    }
    if (const std::string leader = status_field(process, "Tgid");
        !leader.empty() && leader != std::to_string(process)) {
        throw Problem(fmt::format("{} is a thread of process {}", process, leader));
    }
    if (has_ended(process)) {
        throw Problem(fmt::format("process {} has ended", process));
    }
    if (::geteuid() != 0 && ::geteuid() != owner.st_uid) {
        throw Problem(fmt::format("process {} belongs to another user", process));
    }
}

} // namespace

FileDescriptor open_shared_memory(pid_t process, std::string_view what, std::size_t size) {
    require_process(process);
    const std::string link = fmt::format("/memfd:hocket-{} (deleted)", what);
    const fs::path folder = fmt::format("/proc/{}/fd", process);
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code unreadable;
        if (fs::read_symlink(entry->path(), unreadable).string() == link) {
            FileDescriptor file(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC));
            struct stat found {};
            // A forked child still has its parent's.
            std::uint32_t owner = 0;
            if (file.is_open() && ::fstat(file.fileno(), &found) == 0 &&
                found.st_size >= static_cast<off_t>(size) &&
                ::pread(file.fileno(), &owner, sizeof owner, offsetof(StatusHeader, process)) ==
                    static_cast<ssize_t>(sizeof owner) &&
                owner == static_cast<std::uint32_t>(process)) {
                return file;
            }
        }
    }
    if (error) {
        throw Problem(fmt::format("cannot look into process {}: {}", process, error.message()));
    }
    return {};
}

namespace {

std::shared_ptr<const StatusPage> map_page(FileDescriptor file) {
    void* const memory =
        ::mmap(nullptr, sizeof(StatusPage), PROT_READ, MAP_SHARED, file.fileno(), 0);
    if (memory == MAP_FAILED) {
        throw Problem(fmt::format("cannot map the status page: {}", std::strerror(errno)));
    }
    return {static_cast<const StatusPage*>(memory),
            [memory](const StatusPage*) { ::munmap(memory, sizeof(StatusPage)); }};
}

} // namespace

bool has_ended(pid_t process) {
    const std::string state = status_field(process, "State");
    return state.empty() || state.front() == 'Z' || state.front() == 'X';
}

std::optional<ProcessPage> ProcessPage::find(pid_t process) {
    FileDescriptor file = open_shared_memory(process, "status", sizeof(StatusPage));
    if (!file.is_open()) {
        return std::nullopt;
    }
    std::shared_ptr<const StatusPage> page = map_page(std::move(file));
    const StatusHeader& header = page->header;
    if (header.magic.load(std::memory_order_acquire) != StatusHeader::magic_number) {
        return std::nullopt; // being made
    }
    if (header.version != StatusHeader::current_version ||
        header.loop_size != sizeof(engine::LoopStatus) ||
        header.loops_offset != offsetof(StatusPage, loops)) {
        throw Problem(fmt::format("process {} has a status page of version {}; this command knows "
                                  "version {}",
                                  process, header.version, StatusHeader::current_version));
    }
    return ProcessPage(std::move(page));
}

ProcessPage::ProcessPage(pid_t process) {
    std::optional<ProcessPage> page = find(process);
    if (!page) {
        throw Problem(fmt::format("process {} runs no event loop of hocket", process));
    }
    *this = std::move(*page);
}

namespace {

/// How long an observer may be silent. It answers in less than a second, unless the machine is
/// busy.
constexpr long seconds_to_answer = 10;

/// Connects to a Unix socket; returns a closed descriptor if nobody listens there.
FileDescriptor connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw Problem("the path of the observer's socket is too long: " + path);
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.is_open()) {
        throw Problem(fmt::format("cannot create a socket: {}", std::strerror(errno)));
    }
    if (::connect(fd.fileno(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        ::fcntl(fd.fileno(), F_SETFL, 0); // blocking
        const timeval limit{.tv_sec = seconds_to_answer, .tv_usec = 0};
        ::setsockopt(fd.fileno(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return fd;
    }
    if (errno == EAGAIN) { // nobody accepts
        throw NoAnswer();
    }
    if (errno != ENOENT && errno != ECONNREFUSED) {
        throw Problem(fmt::format("cannot connect to {}: {}", path, std::strerror(errno)));
    }
    return {};
}

} // namespace

std::optional<Observer> Observer::find(pid_t process) {
    require_process(process);
    struct stat owner {};
    ::stat(fmt::format("/proc/{}", process).c_str(), &owner);
    for (const std::string& folder : observer::socket_folders_of(owner.st_uid)) {
        const std::string path = folder + '/' + observer::socket_name(process);
        FileDescriptor fd = connect_to(path);
        if (!fd.is_open()) {
            continue;
        }
        // Somebody else may listen there.
        ucred peer{};
        socklen_t size = sizeof peer;
        if (::getsockopt(fd.fileno(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
            peer.uid != owner.st_uid || peer.pid != process) {
            throw Problem(fmt::format("process {} of user {} listens on {}, not process {}",
                                      peer.pid, peer.uid, path, process));
        }
        return Observer(std::move(fd));
    }
    return std::nullopt;
}

Observer::Observer(pid_t process) {
    std::optional<Observer> found = find(process);
    if (!found) {
        static_cast<void>(ProcessPage(process)); // throws if it is not a program of hocket
        throw Problem(fmt::format("process {} has no observer: start it with HOCKET_OBSERVE=1, or "
                                  "call hocket::observe() in it",
                                  process));
    }
    fd_ = std::move(found->fd_);
}

namespace {

/// What sending or receiving has failed with.
[[noreturn]] void throw_failure(const char* what) {
    if (errno == EPIPE || errno == ECONNRESET) { // reset: it had not read all
        throw ConnectionClosed();
    }
    throw Problem(fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) {
            throw_failure("ask the process");
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

void receive_all(int fd, char* into, std::size_t size) {
    while (size > 0) {
        const ssize_t count = ::recv(fd, into, size, 0);
        if (count == 0) {
            throw ConnectionClosed();
        }
        if (count < 0 && errno == EAGAIN) {
            throw NoAnswer();
        }
        if (count < 0 && errno != EINTR) {
            throw_failure("read the answer");
        }
        into += std::max<ssize_t>(count, 0);
        size -= static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
}

} // namespace

msgpack::object_handle Observer::ask(const std::string& what,
                                     const std::vector<std::string>& arguments) {
    std::vector<std::string> words{what};
    words.insert(words.end(), arguments.begin(), arguments.end());
    msgpack::sbuffer request;
    msgpack::pack(request, words);
    std::string frame;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        frame += static_cast<char>((request.size() >> shift) & 0xff);
    }
    frame.append(request.data(), request.size());
    send_all(fd_.fileno(), frame);
    std::array<unsigned char, 4> length{};
    receive_all(fd_.fileno(), reinterpret_cast<char*>(length.data()), length.size());
    std::string answer(length[0] | length[1] << 8U | length[2] << 16U |
                           static_cast<std::uint32_t>(length[3]) << 24U,
                       '\0');
    receive_all(fd_.fileno(), answer.data(), answer.size());
    msgpack::object_handle unpacked = msgpack::unpack(answer.data(), answer.size());
    const auto fields = unpacked->as<std::map<std::string, msgpack::object>>();
    if (const auto error = fields.find("error"); error != fields.end()) {
        throw Problem(error->second.as<std::string>());
    }
    return unpacked;
}

std::vector<pid_t> observed_processes(pid_t process) {
    std::vector<pid_t> found;
    struct stat owner {};
    if (::stat(fmt::format("/proc/{}", process).c_str(), &owner) != 0) {
        return found;
    }
    for (const std::string& folder : observer::socket_folders_of(owner.st_uid)) {
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            const int pid = std::atoi(entry->path().filename().c_str());
            if (pid > 0 && entry->path().filename() == observer::socket_name(pid)) {
                found.push_back(pid);
            }
        }
    }
    return found;
}

std::vector<std::pair<pid_t, ProcessPage>> all_processes() {
    std::vector<std::pair<pid_t, ProcessPage>> found;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            continue;
        }
        const pid_t process = std::stoi(name);
        try {
            if (auto page = ProcessPage::find(process)) {
                found.emplace_back(process, std::move(*page));
            }
        } catch (const Problem&) { // another user's, or it has just ended
        }
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return found;
}

} // namespace hocket::tool
