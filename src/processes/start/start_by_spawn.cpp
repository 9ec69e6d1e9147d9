// The start method "spawn": executes the program again.

#include "processes/start/spawn_program.hpp"
#include "processes/start/start_worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <hocket/errors.hpp>

extern "C" int hocket_worker_main(const char* socket);

namespace hocket::detail {

namespace {

// Makes the linker include the worker's main function; the hook refers to it only weakly.
[[gnu::used]] constexpr auto linked_worker_main = &hocket_worker_main;

constexpr const char* program = "/proc/self/exe";

void check(int error, const char* call) {
    if (error != 0) {
        throw std::system_error(error, std::system_category(), call);
    }
}

class FileActions {
public:
    FileActions() {
        check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    }
    ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    posix_spawn_file_actions_t* get() noexcept { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
public:
    Attributes() { check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init"); }
    ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    posix_spawnattr_t* get() noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

} // namespace

pid_t spawn_program(int socket, std::vector<std::string> variables) {
    if (std::getenv("HOCKET_WORKER") != nullptr) {
        throw RuntimeError("this process should be a worker, but it ran its program: hocket's hook "
                           "before main was not linked in, or HOCKET_WORKER is set in the "
                           "environment");
    }
    // Use a number that does not collide with the worker's descriptors.
    const engine::FileDescriptor theirs(::fcntl(socket, F_DUPFD_CLOEXEC, socket_of_spawned + 1));
    check(theirs.is_open() ? 0 : errno, "fcntl(F_DUPFD_CLOEXEC) for a worker");

    FileActions actions;
    check(::posix_spawn_file_actions_adddup2(actions.get(), theirs.fileno(), socket_of_spawned),
          "posix_spawn_file_actions_adddup2");
    check(::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0),
          "posix_spawn_file_actions_addopen");
    check(::posix_spawn_file_actions_addclosefrom_np(actions.get(), socket_of_spawned + 1),
          "posix_spawn_file_actions_addclosefrom_np");

    // SIGINT stays blocked until the worker ignores it; other signals are as in a new program.
    Attributes attributes;
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGINT);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(attributes.get(), &blocked);
    ::posix_spawnattr_setsigdefault(attributes.get(), &all);
    ::posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::string title = "[hocket worker]";
    std::string name = ::program_invocation_name;
    char* arguments[] = {name.data(), title.data(), nullptr};
    std::vector<char*> environment;
    for (std::string& variable : variables) {
        environment.push_back(variable.data());
    }
    for (char** variable = ::environ; *variable != nullptr; ++variable) {
        environment.push_back(*variable);
    }
    environment.push_back(nullptr);

    pid_t pid = 0;
    check(::posix_spawn(&pid, program, actions.get(), attributes.get(), arguments,
                        environment.data()),
          "posix_spawn of a worker (/proc/self/exe)");
    return pid;
}

StartedWorker start_by_spawn() {
    auto [ours, theirs] = OwnerEnd::connect();
    const pid_t pid =
        spawn_program(theirs.fileno(), {"HOCKET_WORKER=" + std::to_string(socket_of_spawned)});
    return {pid, std::move(ours), open_pidfd(pid), {}};
}

} // namespace hocket::detail
