#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/failure.hpp"

namespace hocket::engine {

/// Describes a program to start.
struct SpawnPlan {
    std::vector<std::string> files;     ///< Tried in turn, until one can be executed.
    std::vector<std::string> arguments; ///< The first one is the program's name.
    /// Entries "NAME=value"; if not set, the environment of this process.
    std::optional<std::vector<std::string>> environment;
    std::string directory;                      ///< Working directory; if empty, this process's.
    std::array<int, 3> standard = {-1, -1, -1}; ///< Its stdin, stdout, stderr; -1: this process's.
    /// Other descriptors that it inherits under the same numbers. All others are closed, whether
    /// close-on-exec or not.
    std::vector<int> passed;
    bool new_session = false;           ///< setsid
    std::optional<pid_t> process_group; ///< setpgid; 0: a new group
    std::optional<mode_t> umask;
    std::optional<uid_t> user;
    std::optional<gid_t> group;
    std::optional<std::vector<gid_t>> groups;
    /// If this process ignores SIGPIPE or SIGXFSZ, they get their default effect in the program.
    /// Other ignored signals stay ignored, and the program gets this thread's signal mask.
    bool restore_signals = true;
};

/// The result of `spawn`.
struct Spawned {
    pid_t pid = 0;
    FileDescriptor pidfd; ///< Close-on-exec.
    std::optional<Failure> failure;
};

/// Starts a program with vfork and exec. This does not copy the process's memory, and another
/// thread's descriptors cannot leak into the program. Returns when the program runs, or with a
/// failure; no child is left then. The caller must have the child reaped. May be called from any
/// thread; needs Linux 5.4. Throws std::bad_alloc.
[[nodiscard]] Spawned spawn(const SpawnPlan& plan);

/// The files that `program` may refer to: itself if it contains a slash, else one in each directory
/// of `search_path`.
[[nodiscard]] std::vector<std::string> executable_files(const std::string& program,
                                                        const std::string& search_path);

} // namespace hocket::engine
