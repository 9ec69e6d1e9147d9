#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <csignal>
#include <sys/types.h>

namespace hocket::engine {

/// The step that failed in the child.
enum class SpawnStep : std::uint8_t {
    standard,
    passed,
    directory,
    session,
    process_group,
    groups,
    group,
    user,
    execute,
};

/// A SpawnPlan in the form that the child needs, because it must not allocate.
struct ChildOrders {
    const char* const* files = nullptr; // each of these three ends with a nullptr
    const char* const* arguments = nullptr;
    const char* const* environment = nullptr;
    const char* directory = nullptr; // may be nullptr
    std::array<int, 3> standard{};
    const int* passed = nullptr; // ascending, without duplicates
    std::size_t passed_count = 0;
    unsigned most_descriptors = 0;
    bool new_session = false;
    bool restore_signals = false;
    const pid_t* process_group = nullptr; // each of these four may be nullptr
    const mode_t* umask = nullptr;
    const gid_t* group = nullptr;
    const uid_t* user = nullptr;
    bool sets_groups = false;
    const gid_t* groups = nullptr;
    std::size_t group_count = 0;
    sigset_t mask{};

    // The child's answer if it could not execute the program.
    int error = 0;
    SpawnStep step = SpawnStep::execute;
    int descriptor = -1; // for the steps `standard` and `passed`
};

/// Runs in the child, but in the memory of its parent, whose thread waits until the child has
/// executed the program or ended. Makes only system calls, because other threads may hold any lock.
int run_spawned_child(void* orders);

} // namespace hocket::engine
