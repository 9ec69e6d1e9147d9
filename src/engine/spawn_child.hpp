#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <csignal>
#include <sys/types.h>

namespace hocket::engine {

/// At which step a child gave up.
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

/// A SpawnPlan as the child needs it: it may not allocate.
struct ChildOrders {
    const char* const* files = nullptr; // each of these three ends with a nullptr
    const char* const* arguments = nullptr;
    const char* const* environment = nullptr;
    const char* directory = nullptr; // or nullptr
    std::array<int, 3> standard{};
    const int* passed = nullptr; // in ascending order, none twice
    std::size_t passed_count = 0;
    unsigned most_descriptors = 0;
    bool new_session = false;
    bool restore_signals = false;
    const pid_t* process_group = nullptr; // each of these four, or nullptr
    const mode_t* umask = nullptr;
    const gid_t* group = nullptr;
    const uid_t* user = nullptr;
    bool sets_groups = false;
    const gid_t* groups = nullptr;
    std::size_t group_count = 0;
    sigset_t mask{};

    // The child's answer, when it could not execute the program.
    int error = 0;
    SpawnStep step = SpawnStep::execute;
    int descriptor = -1; // of the steps `standard` and `passed`
};

/// What the child does; in the memory of its parent, whose thread waits until it has executed the
/// program or ended. Calls the kernel and nothing else: other threads may hold any lock.
int run_spawned_child(void* orders);

} // namespace hocket::engine
