#include "engine/spawn_child.hpp"

#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Compiled without sanitizers, which would write to the parent's memory.

namespace hocket::engine {

namespace {

constexpr int last_signal = 64;
constexpr std::size_t kernel_mask_size = 8;

#ifdef SYS_close_range
constexpr long close_range_call = SYS_close_range;
#else
constexpr long close_range_call = 436; // on every architecture
#endif

/// The kernel's own struct sigaction; only the first member is used.
struct KernelAction {
    void (*handler)(int) = nullptr; // SIG_DFL
    std::array<unsigned long, 8> rest{};
};

[[noreturn]] void give_up(ChildOrders& orders, SpawnStep step, int descriptor = -1) {
    orders.error = errno;
    orders.step = step;
    orders.descriptor = descriptor;
    for (;;) {
        ::syscall(SYS_exit_group, 127);
    }
}

// Otherwise a handler would run in the parent's memory as soon as signals are unblocked.
void reset_signals(const ChildOrders& orders) {
    for (int signal = 1; signal <= last_signal; ++signal) {
        KernelAction action;
        if (::syscall(SYS_rt_sigaction, signal, nullptr, &action, kernel_mask_size) != 0 ||
            action.handler == SIG_DFL) {
            continue;
        }
        const bool is_restored = orders.restore_signals && (signal == SIGPIPE || signal == SIGXFSZ);
        if (action.handler != SIG_IGN || is_restored) {
            const KernelAction by_default;
            ::syscall(SYS_rt_sigaction, signal, &by_default, nullptr, kernel_mask_size);
        }
    }
}

void set_standard(ChildOrders& orders) {
    std::array<int, 3> from = orders.standard;
    for (int to = 0; to < 3; ++to) {
        int& source = from[static_cast<std::size_t>(to)];
        // Otherwise it would be overwritten before its turn.
        if (source >= 0 && source < to) {
            source = static_cast<int>(::syscall(SYS_fcntl, source, F_DUPFD_CLOEXEC, 3));
            if (source < 0) {
                give_up(orders, SpawnStep::standard, to);
            }
        }
    }
    for (int to = 0; to < 3; ++to) {
        const int source = from[static_cast<std::size_t>(to)];
        if (source < 0) {
            continue;
        }
        const long done = source == to ? ::syscall(SYS_fcntl, to, F_SETFD, 0)
                                       : ::syscall(SYS_dup3, source, to, 0);
        if (done < 0) {
            give_up(orders, SpawnStep::standard, to);
        }
    }
}

void close_range(const ChildOrders& orders, unsigned first, unsigned last) {
    if (first > last || ::syscall(close_range_call, first, last, 0) == 0) {
        return;
    }
    // Before Linux 5.9, or forbidden in this container.
    for (unsigned fd = first; fd <= last && fd < orders.most_descriptors; ++fd) {
        ::syscall(SYS_close, fd);
    }
}

void keep_passed_and_close_others(ChildOrders& orders) {
    unsigned first = 3;
    for (std::size_t i = 0; i < orders.passed_count; ++i) {
        const int fd = orders.passed[i];
        if (::syscall(SYS_fcntl, fd, F_SETFD, 0) < 0) {
            give_up(orders, SpawnStep::passed, fd);
        }
        if (fd >= 3) {
            close_range(orders, first, static_cast<unsigned>(fd) - 1);
            first = static_cast<unsigned>(fd) + 1;
        }
    }
    close_range(orders, first, UINT_MAX);
}

void become(ChildOrders& orders) {
    if (orders.directory != nullptr && ::syscall(SYS_chdir, orders.directory) != 0) {
        give_up(orders, SpawnStep::directory);
    }
    if (orders.umask != nullptr) {
        ::syscall(SYS_umask, *orders.umask);
    }
    if (orders.new_session && ::syscall(SYS_setsid) < 0) {
        give_up(orders, SpawnStep::session);
    }
    if (orders.process_group != nullptr && ::syscall(SYS_setpgid, 0, *orders.process_group) != 0) {
        give_up(orders, SpawnStep::process_group);
    }
    // System calls, because the C library's functions would change all of the parent's threads.
    if (orders.sets_groups && ::syscall(SYS_setgroups, orders.group_count, orders.groups) != 0) {
        give_up(orders, SpawnStep::groups);
    }
    if (orders.group != nullptr && ::syscall(SYS_setregid, *orders.group, *orders.group) != 0) {
        give_up(orders, SpawnStep::group);
    }
    if (orders.user != nullptr && ::syscall(SYS_setreuid, *orders.user, *orders.user) != 0) {
        give_up(orders, SpawnStep::user);
    }
}

} // namespace

int run_spawned_child(void* given) {
    ChildOrders& orders = *static_cast<ChildOrders*>(given);
    reset_signals(orders);
    set_standard(orders);
    become(orders);
    keep_passed_and_close_others(orders);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &orders.mask, nullptr, kernel_mask_size);
    int telling = 0;
    for (const char* const* file = orders.files; *file != nullptr; ++file) {
        ::syscall(SYS_execve, *file, orders.arguments, orders.environment);
        // The error for a file that exists but cannot be executed is more informative than that for
        // a missing one.
        if (errno != ENOENT && errno != ENOTDIR && telling == 0) {
            telling = errno;
        }
    }
    errno = telling != 0 ? telling : errno;
    give_up(orders, SpawnStep::execute);
}

} // namespace hocket::engine
