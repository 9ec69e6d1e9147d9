#include "cluster/bridge.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cluster/bridge_script.hpp"
#include "engine/last_error.hpp"
#include "engine/pool/pool_worker.hpp"
#include "engine/process_exit.hpp"
#include "engine/spawn.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t longest_message = std::size_t{256} << 10;

// Reads the script from a descriptor, so that it is not in every list of processes. Without the
// current folder, in which a file may be called ray.py.
constexpr const char* loader = "import sys; sys.path[:] = [p for p in sys.path if p]; "
                               "exec(compile(open('/proc/self/fd/' + sys.argv[2]).read(), "
                               "'hocket bridge', 'exec'))";

engine::FileDescriptor script_file() {
    engine::FileDescriptor file(
        static_cast<int>(::syscall(SYS_memfd_create, "hocket-bridge", MFD_CLOEXEC)));
    const std::string_view script = bridge_script();
    if (!file.is_open() || ::write(file.fileno(), script.data(), script.size()) !=
                               static_cast<ssize_t>(script.size())) {
        engine::throw_errno("memfd_create for the bridge to a cluster");
    }
    return file;
}

} // namespace

void Bridge::start(const std::string& python) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        engine::throw_errno("socketpair for the bridge to a cluster");
    }
    control_ = engine::FileDescriptor(ends[0]);
    const engine::FileDescriptor theirs(ends[1]);
    const int size = 2 * longest_message;
    ::setsockopt(theirs.fileno(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    const engine::FileDescriptor script = script_file();
    const engine::FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));

    engine::SpawnPlan plan;
    const char* const path = std::getenv("PATH");
    plan.files =
        engine::executable_files(python, path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
    plan.arguments = {python, "-c", loader, std::to_string(theirs.fileno()),
                      std::to_string(script.fileno())};
    plan.standard = {nothing.fileno(), output_.worker_stdout.fileno(),
                     output_.worker_stderr.fileno()};
    plan.passed = {theirs.fileno(), script.fileno()};
    plan.new_session = true; // Ctrl-C is for the program, which ends the bridge
    engine::Spawned spawned = engine::spawn(plan);
    if (spawned.failure) {
        throw std::system_error(spawned.failure->code, "cannot start the Python interpreter '" +
                                                           python + "' (the option .python)");
    }
    output_.worker_stdout.close();
    output_.worker_stderr.close();
    auto error = child_.start(std::move(spawned.pidfd));
    if (!error) {
        error = poller_.add(*this, control_.fileno(), readable);
    }
    if (error) {
        throw std::system_error(error, "epoll_ctl for the bridge to a cluster");
    }
}

void Bridge::send(const BridgeMessage& message) {
    outgoing_.push_back(encode_message(message));
    write_some();
}

void Bridge::write_some() noexcept {
    while (!outgoing_.empty() && control_.is_open()) {
        const ssize_t sent = ::send(control_.fileno(), outgoing_.front().data(),
                                    outgoing_.front().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && engine::would_block()) {
            break;
        }
        outgoing_.pop_front(); // if it cannot be sent, the bridge ends
    }
    const std::uint32_t wanted = outgoing_.empty() ? readable : readable | writable;
    if (is_watching() && interest() != wanted) {
        static_cast<void>(poller_.change(*this, wanted));
    }
}

void Bridge::on_ready(std::uint32_t events) noexcept {
    if ((events & writable) != 0) {
        write_some();
    }
    if ((events & ~writable) != 0) {
        receive();
    }
}

void Bridge::receive() {
    std::vector<char> space(longest_message);
    while (control_.is_open()) {
        const ssize_t count = ::recv(control_.fileno(), space.data(), space.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && engine::would_block()) {
            return;
        }
        if (count <= 0) {
            poller_.remove(*this); // on_exit says more
            return;
        }
        if (const auto message =
                decode_message(std::span(space.data(), static_cast<std::size_t>(count)))) {
            sink_.on_message(*message); // may hang up
        }
    }
}

void Bridge::on_exit(int status) noexcept {
    receive(); // what it has said before
    std::string how = engine::describe_exit_status(status);
    const std::string last = output_.finish();
    if (!last.empty()) {
        how += "; its last output: " + last;
    }
    sink_.on_bridge_ended(how);
}

void Bridge::hang_up() noexcept {
    if (control_.is_open()) {
        const std::string leave = encode_message({"leave"});
        static_cast<void>(
            ::send(control_.fileno(), leave.data(), leave.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    poller_.remove(*this);
    control_.close();
    outgoing_.clear();
}

void Bridge::end(int milliseconds) noexcept {
    hang_up();
    if (!child_.is_started()) {
        return;
    }
    pollfd ended{child_.pidfd(), POLLIN, 0};
    if (::poll(&ended, 1, milliseconds) <= 0) {
        ::syscall(SYS_pidfd_send_signal, child_.pidfd(), SIGKILL, nullptr, 0);
        ::poll(&ended, 1, -1);
    }
    static_cast<void>(engine::reap(child_.pidfd()));
    child_.stop();
}

} // namespace hocket::detail
