#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <thread>

#include <sys/wait.h>

/// How many descriptors this process has open, apart from its status page, which the first loop
/// creates and the process keeps.
inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ended; // the iterator's own
        const auto target = std::filesystem::read_symlink(entry.path(), ended);
        count += target != "/memfd:hocket-status (deleted)" ? 1 : 0;
    }
    return count;
}

/// Whether no more descriptors are open than `before`. Waits for a thread that closes files which
/// were dropped while open for writing.
inline bool no_more_descriptors_than(std::size_t before) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (open_descriptors() > before && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    return open_descriptors() <= before;
}

/// Whether this process has no children, not even zombies.
inline bool has_no_children() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }
