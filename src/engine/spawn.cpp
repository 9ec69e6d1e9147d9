#include "engine/spawn.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <csignal>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/engine/sanitizers.hpp>

#include "engine/last_error.hpp"
#include "engine/process_exit.hpp"
#include "engine/spawn_child.hpp"

#if HOCKET_THREAD_SANITIZER
#define HOCKET_CLONE ::__clone
// The C library's second name for clone. ThreadSanitizer treats the first one as a fork and would
// clean up in the child, which uses the parent's memory.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);
#else
#define HOCKET_CLONE ::clone
#endif

namespace hocket::engine {

namespace {

constexpr std::size_t stack_size = std::size_t{32} * 1024;
constexpr unsigned with_pidfd = 0x1000; // CLONE_PIDFD, likewise

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<const char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        pointers.push_back(text.c_str());
    }
    pointers.push_back(nullptr);
    return pointers;
}

template <class T> const T* pointer_to(const std::optional<T>& value) {
    return value ? &*value : nullptr;
}

unsigned descriptor_limit() noexcept {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

/// Blocks signals, because no handler may run in the child, which shares the parent's memory.
class BlockedSignals {
public:
    BlockedSignals() noexcept {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    [[nodiscard]] const sigset_t& before() const noexcept { return before_; }

private:
    sigset_t before_{};
};

int clone_child(ChildOrders& orders, int& pidfd) noexcept {
    // The child gets a separate stack, because it would overwrite the parent's frames. It is part
    // of this frame, which exists as long as the child runs on it.
    alignas(64) std::array<std::byte, stack_size> stack; // not initialised
    const BlockedSignals blocked;
    orders.mask = blocked.before();
    return HOCKET_CLONE(run_spawned_child, stack.data() + stack.size(),
                        static_cast<int>(CLONE_VM | CLONE_VFORK | with_pidfd | SIGCHLD), &orders,
                        &pidfd);
}

void reap(const FileDescriptor& pidfd) noexcept {
    siginfo_t info{};
    while (::waitid(by_pidfd, static_cast<id_t>(pidfd.fileno()), &info, WEXITED) != 0 &&
           errno == EINTR) {
    }
}

std::string describe(const SpawnPlan& plan, const ChildOrders& answer) {
    static constexpr std::array<const char*, 3> standard_names{"stdin", "stdout", "stderr"};
    const std::string start = "start " + plan.arguments.front();
    switch (answer.step) {
    case SpawnStep::standard:
        return start + " with descriptor " +
               std::to_string(plan.standard[static_cast<std::size_t>(answer.descriptor)]) + " as " +
               standard_names[static_cast<std::size_t>(answer.descriptor)];
    case SpawnStep::passed: return start + " with descriptor " + std::to_string(answer.descriptor);
    case SpawnStep::directory: return start + " in the directory " + plan.directory;
    case SpawnStep::session: return start + " in a new session";
    case SpawnStep::process_group:
        return start + " in process group " + std::to_string(*plan.process_group);
    case SpawnStep::groups: return start + " with other groups";
    case SpawnStep::group: return start + " as group " + std::to_string(*plan.group);
    case SpawnStep::user: return start + " as user " + std::to_string(*plan.user);
    case SpawnStep::execute: break;
    }
    // The kernel reports the same error for a script whose interpreter is missing.
    const bool is_there = answer.error == ENOENT &&
                          std::any_of(plan.files.begin(), plan.files.end(), [](const auto& file) {
                              return ::access(file.c_str(), F_OK) == 0;
                          });
    return is_there ? start + ", whose interpreter is missing" : start;
}

} // namespace

Spawned spawn(const SpawnPlan& plan) {
    const std::vector<const char*> files = pointers_to(plan.files);
    const std::vector<const char*> arguments = pointers_to(plan.arguments);
    std::vector<const char*> environment;
    std::vector<int> passed = plan.passed;
    std::sort(passed.begin(), passed.end());
    passed.erase(std::unique(passed.begin(), passed.end()), passed.end());

    ChildOrders orders;
    orders.files = files.data();
    orders.arguments = arguments.data();
    if (plan.environment) {
        environment = pointers_to(*plan.environment);
        orders.environment = environment.data();
    } else {
        orders.environment = ::environ;
    }
    orders.directory = plan.directory.empty() ? nullptr : plan.directory.c_str();
    orders.standard = plan.standard;
    orders.passed = passed.data();
    orders.passed_count = passed.size();
    orders.most_descriptors = descriptor_limit();
    orders.new_session = plan.new_session;
    orders.restore_signals = plan.restore_signals;
    orders.process_group = pointer_to(plan.process_group);
    orders.umask = pointer_to(plan.umask);
    if (plan.groups) {
        orders.sets_groups = true;
        orders.groups = plan.groups->data();
        orders.group_count = plan.groups->size();
    }
    orders.group = pointer_to(plan.group);
    orders.user = pointer_to(plan.user);

    Spawned spawned;
    int pidfd = -1;
    spawned.pid = clone_child(orders, pidfd);
    if (spawned.pid < 0) {
        spawned.failure = {last_error(), "start " + plan.arguments.front()};
        return spawned;
    }
    spawned.pidfd = FileDescriptor(pidfd);
    if (orders.error != 0) {
        reap(spawned.pidfd);
        spawned.failure = {{orders.error, std::system_category()}, describe(plan, orders)};
    }
    return spawned;
}

std::vector<std::string> executable_files(const std::string& program,
                                          const std::string& search_path) {
    if (program.find('/') != std::string::npos) {
        return {program};
    }
    std::vector<std::string> files;
    for (std::size_t begin = 0; begin <= search_path.size();) {
        const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
        std::string file = search_path.substr(begin, end - begin);
        if (!file.empty() && file.back() != '/') {
            file += '/'; // an empty entry means the current directory
        }
        files.push_back(file + program);
        begin = end + 1;
    }
    return files;
}

} // namespace hocket::engine
