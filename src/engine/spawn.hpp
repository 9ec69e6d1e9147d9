#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/failure.hpp"

namespace hocket::engine {

/// A program to start, and how.
struct SpawnPlan {
    std::vector<std::string> files;     ///< Tried in turn, until one can be executed.
    std::vector<std::string> arguments; ///< The first one is the program's name.
    /// "NAME=value"; nothing: this process's.
    std::optional<std::vector<std::string>> environment;
    std::string directory;                      ///< Where it runs; empty: where this process does.
    std::array<int, 3> standard = {-1, -1, -1}; ///< What its stdin, stdout, stderr are; -1: ours.
    /// Other descriptors that it has, by the same numbers. All others are closed, close-on-exec or
    /// not.
    std::vector<int> passed;
    bool new_session = false;           ///< setsid
    std::optional<pid_t> process_group; ///< setpgid; 0: one of its own
    std::optional<mode_t> umask;
    std::optional<uid_t> user;
    std::optional<gid_t> group;
    std::optional<std::vector<gid_t>> groups;
    /// SIGPIPE and SIGXFSZ, if this process ignores them, have their default effect. What else it
    /// ignores stays ignored, and the thread's signal mask is the program's.
    bool restore_signals = true;
};

/// What `spawn` has started.
struct Spawned {
    pid_t pid = 0;
    FileDescriptor pidfd; ///< Close-on-exec.
    std::optional<Failure> failure;
};

/// Starts a program by vfork and exec: without copying this process's memory, and without the
/// window in which another thread's descriptors leak. Returns when the program runs, or with what
/// kept it from doing so; no child is left then. Somebody must reap the child. Any thread; needs
/// Linux 5.4. Throws std::bad_alloc.
[[nodiscard]] Spawned spawn(const SpawnPlan& plan);

/// The files that `program` may mean: itself if it has a slash, else one in each folder of the
/// `search_path`.
[[nodiscard]] std::vector<std::string> executable_files(const std::string& program,
                                                        const std::string& search_path);

} // namespace hocket::engine
