// The start method "forkserver": the owner's side. The server's side is fork_server.cpp.

#include <cerrno>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "engine/per_process.hpp"
#include "engine/process_exit.hpp"
#include "loop/fork_safe_mutex.hpp"
#include "processes/start/fork_server.hpp"
#include "processes/start/start_worker.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

// A server may be killed while it handles a request; then the request goes to a new server.
constexpr int most_servers_asked = 3;

engine::FileDescriptor duplicate_output(int fd) {
    engine::FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy.is_open() && errno == EBADF) { // closed, as in daemons
        copy = engine::FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    }
    if (!copy.is_open()) {
        engine::throw_errno("dup of a worker's output");
    }
    return copy;
}

Descriptors make_request(StartedWorker& worker) {
    Descriptors request;
    auto [owners, workers] = OwnerEnd::connect();
    worker.control = std::move(owners);
    request.push_back(std::move(workers));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        engine::throw_errno("socketpair for a worker's end");
    }
    worker.reports = engine::FileDescriptor(ends[0]);
    request.emplace_back(ends[1]);
    request.push_back(duplicate_output(STDOUT_FILENO));
    request.push_back(duplicate_output(STDERR_FILENO));
    return request;
}

ForkSafeMutex link_mutex;

class ForkServerLink {
public:
    /// Asks the server for `worker`; starts a server if there is none. Gives `worker` its ends of
    /// the connections to the server and to the process. Returns false if the server has ended.
    [[nodiscard]] bool ask(StartedWorker& worker) {
        // The lock prevents a fork in between. The forked child would hold the server's end of the
        // reports, too, and a thread that waits for a report would not notice that the server has
        // ended.
        const std::scoped_lock lock(link_mutex);
        const Descriptors request = make_request(worker);
        ensure_running();
        const char mark = 'f';
        const auto error = engine::send_message(server_.control.fileno(), {&mark, 1}, request);
        if (error == std::errc::broken_pipe) {
            reap();
        } else if (error) {
            throw std::system_error(error, "cannot ask the forkserver for a worker");
        }
        return !error;
    }
    /// Why the last server, or the current one, has not started a worker.
    [[nodiscard]] std::string describe_failure() {
        const std::scoped_lock lock(link_mutex);
        if (last_status_ == 0) {
            return "the forkserver has no descriptors left for another worker";
        }
        return "the forkserver " +
               (last_status_ < 0 ? "was ended by signal " + std::to_string(-last_status_)
                                 : "ended with exit code " + std::to_string(last_status_)) +
               " before it had started a worker";
    }

private:
    // The server has closed its socket, so it is ending.
    void reap() noexcept {
        pollfd end{server_.pidfd.fileno(), POLLIN, 0};
        while (::poll(&end, 1, -1) < 0) {
        }
        if (const auto exit = engine::reap(server_.pidfd.fileno())) {
            last_status_ = exit->status;
        }
        server_ = {};
    }
    void ensure_running() {
        if (server_.pid != 0) {
            const auto exit = engine::reap(server_.pidfd.fileno());
            if (!exit) {
                return;
            }
            last_status_ = exit->status;
            server_ = {};
        }
        StartedWorker server = start_by_spawn();
        const Message first = pack_message(Bootstrap{Bootstrap::fork_server});
        const auto error =
            engine::send_message(server.control.fileno(), {first.bytes.data(), first.bytes.size()});
        // EPIPE: it has already ended; the next request will notice that.
        if (error && error != std::errc::broken_pipe) {
            abandon(server);
            throw std::system_error(error, "cannot send to the new forkserver");
        }
        server_ = std::move(server);
    }

    StartedWorker server_; // pid 0: none
    int last_status_ = 0;  // of the last server that has ended
};

ForkServerLink& link_to_server() {
    static PerProcess<ForkServerLink> link;
    return link.get();
}

// Asks once. Returns nothing if the server dropped the request, because it was killed or has no
// more descriptors.
std::optional<StartedWorker> try_to_start() {
    StartedWorker worker;
    if (!link_to_server().ask(worker)) {
        return std::nullopt;
    }
    ForkAnswer answer;
    Descriptors pidfd;
    const auto received = engine::receive_message(
        worker.reports.fileno(), {reinterpret_cast<char*>(&answer), sizeof answer}, pidfd);
    if (received.error) {
        throw std::system_error(received.error, "cannot receive from the forkserver");
    }
    if (received.size == 0) {
        return std::nullopt;
    }
    if (answer.error != 0 || pidfd.empty()) {
        throw std::system_error(answer.error, std::system_category(),
                                "the forkserver cannot fork a worker");
    }
    worker.pid = answer.pid;
    worker.pidfd = std::move(pidfd.front());
    return worker;
}

} // namespace

StartedWorker start_by_fork_server() {
    for (int asked = 1;; ++asked) {
        if (auto worker = try_to_start()) {
            return *std::move(worker);
        }
        if (asked == most_servers_asked) {
            throw std::system_error(EAGAIN, std::system_category(),
                                    link_to_server().describe_failure());
        }
    }
}

} // namespace hocket::detail
