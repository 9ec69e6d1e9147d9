#include "processes/start/fork_server.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/process_exit.hpp"
#include "processes/start/worker_main.hpp"

namespace hocket::detail {

namespace {

struct Child {
    engine::FileDescriptor pidfd;
    engine::FileDescriptor reports;
};

// Has one thread only, so that its forks are safe.
class ForkServer {
public:
    explicit ForkServer(int control) : control_(control) {
        // So that ps and top distinguish it from the processes it starts.
        ::prctl(PR_GET_NAME, name_.data());
        ::prctl(PR_SET_NAME, "forkserver");
    }

    int serve() {
        detach_output();
        for (;;) {
            std::vector<pollfd> watched{{control_, POLLIN, 0}};
            for (const Child& child : children_) {
                watched.push_back({child.pidfd.fileno(), POLLIN, 0});
            }
            if (::poll(watched.data(), watched.size(), -1) < 0) {
                continue; // a signal
            }
            reap(std::span(watched).subspan(1));
            if (watched[0].revents != 0 && !take_request()) {
                return EXIT_SUCCESS;
            }
        }
    }

private:
    // The owner may be part of a pipeline whose next program waits for the end of the owner's
    // output. Buffered output of static constructors must not be written again by each child.
    static void detach_output() {
        std::fflush(nullptr);
        const engine::FileDescriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        ::dup2(nowhere.fileno(), STDOUT_FILENO);
        ::dup2(nowhere.fileno(), STDERR_FILENO);
    }

    void reap(std::span<const pollfd> watched) {
        for (std::size_t i = watched.size(); i-- > 0;) {
            if (watched[i].revents == 0) {
                continue;
            }
            const auto at = children_.begin() + static_cast<std::ptrdiff_t>(i);
            if (const auto exit = engine::reap(at->pidfd.fileno())) {
                engine::report_exit(at->reports.fileno(), *exit);
                children_.erase(at);
            }
        }
    }

    // Returns false if the owner has ended.
    bool take_request() {
        char mark = 0;
        Descriptors descriptors;
        const auto received = engine::receive_message(control_, {&mark, 1}, descriptors);
        if (!received.error && received.size == 0) {
            return false;
        }
        // A request whose descriptors cannot be received is lost; the owner then sees its ends
        // closed.
        if (descriptors.size() == descriptors_of_a_fork_request) {
            fork_worker(descriptors);
        }
        return true;
    }

    void fork_worker(Descriptors& descriptors) {
        ForkAnswer answer;
        answer.pid = ::fork();
        if (answer.pid == 0) {
            be_worker(descriptors);
        }
        Descriptors pidfd;
        if (answer.pid < 0) {
            answer.error = errno;
        } else {
            pidfd.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, answer.pid, 0)));
            if (!pidfd.front().is_open()) {
                answer.error = errno;
                pidfd.clear();
                ::kill(answer.pid, SIGKILL);
                while (::waitpid(answer.pid, nullptr, 0) < 0 && errno == EINTR) {
                }
            }
        }
        // EPIPE: the owner has ended; the worker will notice that.
        static_cast<void>(
            engine::send_message(descriptors[worker_reports].fileno(),
                                 {reinterpret_cast<const char*>(&answer), sizeof answer}, pidfd));
        if (!pidfd.empty()) {
            children_.push_back({std::move(pidfd.front()), std::move(descriptors[worker_reports])});
        }
    }

    // Runs in the child. It closes all of the server's descriptors: otherwise its copies of the
    // server's socket and of its siblings' `reports` would make the server and the siblings look
    // alive.
    [[noreturn]] void be_worker(Descriptors& descriptors) {
        ::dup2(descriptors[worker_stdout].fileno(), STDOUT_FILENO);
        ::dup2(descriptors[worker_stderr].fileno(), STDERR_FILENO);
        const int control = descriptors[worker_control].release();
        ::prctl(PR_SET_NAME, name_.data());
        descriptors.clear();
        children_.clear();
        ::close(control_);
        const int status = worker_main(control);
        std::fflush(nullptr);
        ::_exit(status);
    }

    const int control_;
    std::array<char, 16> name_{}; // of the program
    std::vector<Child> children_;
};

} // namespace

int serve_forks(int control) { return ForkServer(control).serve(); }

} // namespace hocket::detail
