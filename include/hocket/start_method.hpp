#pragma once

namespace hocket {

/// How a process of this program is started, as in Python's `multiprocessing.get_context(method)`.
/// It is chosen in the options of a pool, a Process or a Manager. The values that can cross, and
/// what happens when a process dies, are the same for each method.
enum class StartMethod {
    /// The program is started again, with exec. The process inherits only its arguments, its
    /// environment and its working directory. Safe in any program; the default.
    spawn,
    /// A server process is started once, with spawn; it then forks itself for each process
    /// requested. This is faster if the program has many libraries or statics that take long to
    /// construct, because only the server constructs them. Safe in any program, because the server
    /// has one thread and has never run `main`. The processes have the environment, working
    /// directory and limits from the time the server was started. Killing the server does not end
    /// its processes, but their exit codes are then unknown (255), and the next start creates a new
    /// server.
    forkserver,
    /// This process itself is forked. The new process has a copy of all memory at that time, and
    /// keeps all open descriptors: a connection that this process closes stays open until that
    /// process ends, too. **Dangerous in a program with threads**, and hocket's pools and loops
    /// have threads: only one thread continues in the copy, so data that another thread was
    /// changing stays half changed, and locks that it held are never released. (The locks of the C
    /// library's malloc and stdio, and of hocket's own tables, are free.) Destructors of statics
    /// and functions registered with `atexit` do not run in the new process, and signals have their
    /// default effect. The function runs on a new thread, so it has no copies of the caller's
    /// thread_local variables.
    fork,
};

} // namespace hocket
