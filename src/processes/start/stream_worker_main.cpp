#include "processes/start/stream_worker_main.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/socket_address.hpp>
#include <hocket/errors.hpp>

#include "engine/build_id.hpp"
#include "engine/last_error.hpp"
#include "engine/pool/call_server.hpp"
#include "engine/pool/stream_socket.hpp"
#include "observe/observer.hpp"
#include "observe/worker.hpp"
#include "processes/calls/call_runner.hpp"
#include "processes/calls/keep_freed_memory.hpp"
#include "processes/calls/thrown_stack.hpp"

namespace hocket::detail {

namespace {

constexpr std::string_view inherited = "stream:";
constexpr std::string_view connected = "connect:";
constexpr int connect_timeout = 10; // seconds

template <class Integer> std::optional<Integer> number_in(std::string_view text) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

void set_send_timeout(int socket, int seconds) noexcept {
    const timeval limit{seconds, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

engine::FileDescriptor connect_to(std::string_view where) {
    const std::size_t colon = where.rfind(':');
    std::string_view host = where.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    const auto port = colon == std::string_view::npos
                          ? std::nullopt
                          : number_in<std::uint16_t>(where.substr(colon + 1));
    const auto address = port ? engine::SocketAddress::from_ip(host, *port) : std::nullopt;
    if (!address) {
        throw ValueError("HOCKET_WORKER=connect:" + std::string(where) +
                         " has no numeric address and port, as in connect:10.0.0.1:7000");
    }
    engine::FileDescriptor socket(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    // A limit for connecting, which the system would try for two minutes.
    set_send_timeout(socket.fileno(), connect_timeout);
    if (!socket.is_open() ||
        ::connect(socket.fileno(), address->native(), address->native_size()) != 0) {
        if (errno == EINPROGRESS) {
            errno = ETIMEDOUT;
        }
        engine::throw_errno("connect to the owner at " + address->text());
    }
    set_send_timeout(socket.fileno(), 0);
    return socket;
}

/// Ends this process when the one that started it, whose number is in the environment, has ended:
/// for workers whose owner is on another machine.
void die_with_parent() {
    const char* const text = std::getenv("HOCKET_WORKER_PARENT");
    if (text == nullptr) {
        return;
    }
    const auto parent = number_in<pid_t>(text);
    ::unsetenv("HOCKET_WORKER_PARENT");
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent != ::getppid()) {
        ::_exit(EXIT_FAILURE); // it has ended before
    }
}

engine::FileDescriptor open_stream(std::string_view how) {
    if (how.starts_with(connected)) {
        return connect_to(how.substr(connected.size()));
    }
    const auto fd = number_in<int>(how.substr(inherited.size()));
    if (!fd) {
        throw ValueError("HOCKET_WORKER=" + std::string(how) +
                         " has no descriptor, as in stream:5");
    }
    ::fcntl(*fd, F_SETFD, FD_CLOEXEC); // processes that the worker starts must not have it
    return engine::FileDescriptor(*fd);
}

/// Makes the calls of a pool in another process of this program.
class StreamCalls final : public engine::CallHandler {
public:
    void add_module(std::span<const char> description) override {
        owners_modules().add(unpack_module(description));
    }
    Answer call(engine::FunctionRef function, std::span<const char> arguments) noexcept override {
        runner_.shrink(); // the last result was sent
        Descriptors none;
        Descriptors shared;
        bool has_returned = runner_.run(function, arguments, none, shared);
        if (!shared.empty()) {
            return fail("the result of the call shares memory, a pipe or a lock, which cannot be "
                        "passed to an owner that does not share memory with its worker");
        }
        std::fflush(stdout);
        return {!has_returned, runner_.result().pieces()};
    }
    Answer fail(std::string_view why) noexcept override {
        try {
            throw RuntimeError(std::string(why));
        } catch (...) {
            runner_.pack_exception();
        }
        return {true, runner_.result().pieces()};
    }
    void before_exit() noexcept override { observer::remove_socket(); }

private:
    CallRunner runner_;
};

int serve(std::string_view how) {
    remember_thrown_stacks();
    std::signal(SIGINT, SIG_IGN); // the owner decides what Ctrl-C means
    die_with_parent();
    engine::CallServerOptions options;
    options.hello.build = engine::program_build();
    if (const char* token = std::getenv("HOCKET_WORKER_TOKEN")) {
        options.hello.token = token;
        ::unsetenv("HOCKET_WORKER_TOKEN"); // the processes that this one starts need not know it
    }
    engine::FileDescriptor stream = open_stream(how);
    engine::prepare_stream_socket(stream.fileno());
    observer::observe_worker({});
    keep_freed_memory();
    StreamCalls calls;
    return engine::CallServer(std::move(stream), calls, std::move(options)).run();
}

} // namespace

bool is_stream_worker(std::string_view how) noexcept {
    return how.starts_with(inherited) || how.starts_with(connected);
}

int stream_worker_main(std::string_view how) noexcept {
    int status = EXIT_FAILURE;
    try {
        status = serve(how);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hocket: a worker process failed: %s\n", error.what());
    }
    observer::remove_socket();
    return status;
}

} // namespace hocket::detail
