#pragma once

namespace hocket {

/// How a process of this program is started, as in Python's `multiprocessing.get_context(method)`:
/// chosen for a pool, a Process or a Manager in its options. What crosses, and what becomes of a
/// process that dies, is the same for each.
enum class StartMethod {
    /// The program is started again, by exec. The process has nothing of this one but its
    /// arguments,
    /// its environment and its working directory. Safe in any program; the default.
    spawn,
    /// A server is started once, by spawn; from then on it forks itself for each process that is
    /// asked for. That is quicker where the program has many libraries, or statics that take long
    /// to make: only the server makes them. Safe in any program, for the server has one thread and
    /// has never run `main`. The process has the environment, the working directory and the limits
    /// of the server's start. A server that is killed takes no process with it; how those end is
    /// unknown then (exit code 255), and the next start makes another server.
    forkserver,
    /// This process itself is forked. The process has a copy of everything in memory as it is at
    /// that time, and what is open stays open in it: a connection that this process closes lives on
    /// until that one ends, too. **Dangerous in a program with threads**, and hocket's pools and
    /// loops have some: only one goes on in the copy, so that what another one was just changing
    /// stays half changed, and a lock that it held is never released. (The locks of the C
    /// library's malloc and stdio, and of hocket's own tables, are free.) Neither destructors of
    /// statics nor what
    /// `atexit` was told run in it; signals have their default effect. It runs on a thread of its
    /// own, so that it has no copies of the caller's thread_local variables.
    fork,
};

} // namespace hocket
