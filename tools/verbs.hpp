#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace hocket::tool {

// Each function is a verb of the command line. It prints its answer on standard output, or throws
// Problem.

void ps(bool json);

struct TopOptions {
    pid_t process = 0;
    bool once = false;
    bool json = false;
    double interval = 1.0; ///< seconds between two looks
};
void top(const TopOptions& options);

/// Who awaits whom, for all tasks, or for the one called `task` unless that is empty.
void tree(pid_t process, const std::string& task, bool json);
void stacks(pid_t process, bool json);
void metrics(pid_t process);
/// Prints the text of a file, or of standard input if `file` is "-". Frames of stacks that a
/// program could not name itself are named by the files that they are in.
void symbols(const std::string& file);

struct TraceOptions {
    pid_t process = 0;
    std::string file;
    std::optional<double> seconds; ///< how long to record; nothing: until the user interrupts
    std::optional<double> last;    ///< instead: what the program has recorded itself, in seconds
};
/// Writes a Perfetto trace of a process and its worker processes.
void trace(const TraceOptions& options);

/// Continues as `python3 -m hocket.choose`, of the package in python/, with these arguments.
[[noreturn]] void choose(const std::vector<std::string>& arguments);

} // namespace hocket::tool
