#include "processes/start/worker_main.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/descriptor_passing.hpp"
#include "observe/observer.hpp"
#include "observe/worker.hpp"
#include "processes/calls/thrown_stack.hpp"
#include "processes/pool/pool_worker_main.hpp"
#include "processes/start/fork_server.hpp"
#include "processes/start/process_main.hpp"
#include "processes/start/stream_worker_main.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t longest_bootstrap = 4096;

/// Ends this process at once when its owner has ended, which closes the owner's end of the socket.
void watch_owner(int control) {
    std::thread([control] {
        pollfd owner{control, POLLRDHUP, 0};
        while (::poll(&owner, 1, -1) <= 0 || (owner.revents & (POLLRDHUP | POLLHUP)) == 0) {
        }
        observer::remove_socket();
        ::_exit(EXIT_FAILURE);
    }).detach();
}

int be_worker(int control) {
    remember_thrown_stacks();
    // The owner decides what Ctrl-C means.
    std::signal(SIGINT, SIG_IGN);
    std::array<char, longest_bootstrap> bytes{};
    Descriptors descriptors;
    const auto received = engine::receive_message(control, bytes, descriptors);
    if (received.error) {
        throw std::system_error(received.error, "the worker cannot receive its first message");
    }
    if (received.size == 0) {
        return EXIT_FAILURE; // the owner has already ended
    }
    const auto bootstrap =
        unpack_message<Bootstrap>(std::span(bytes.data(), received.size), descriptors);
    if (bootstrap.kind == Bootstrap::fork_server) {
        return serve_forks(control);
    }
    watch_owner(control);
    observer::observe_worker(static_cast<observer::Watch>(bootstrap.watch));
    if (bootstrap.kind == Bootstrap::single_call) {
        return make_single_call(descriptors);
    }
    PoolWorkerMain(control, bootstrap, descriptors).run();
    return EXIT_SUCCESS;
}

} // namespace

int worker_main(int control) noexcept {
    int status = EXIT_FAILURE;
    try {
        status = be_worker(control);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hocket: a worker process failed: %s\n", error.what());
    }
    observer::remove_socket();
    return status;
}

} // namespace hocket::detail

// Runs instead of the program's main, see worker_hook.cpp. Exits without the destructors of
// statics, because they belong to the program, which did not run.
extern "C" int hocket_worker_main(const char* socket) {
    ::prctl(PR_SET_NAME, program_invocation_short_name); // it was started as /proc/self/exe
    const std::string how = socket;
    ::unsetenv("HOCKET_WORKER"); // processes that this one starts are not workers
    int status = 0;
    if (hocket::detail::is_stream_worker(how)) {
        status = hocket::detail::stream_worker_main(how);
    } else {
        int control = -1;
        std::from_chars(how.data(), how.data() + how.size(), control);
        status = hocket::detail::worker_main(control);
    }
    std::fflush(nullptr);
    ::_exit(status);
}
