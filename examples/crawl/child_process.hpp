#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "crawl/interrupt.hpp"

namespace crawl {

/// Another program whose standard output we read. It runs in a process group of its own, so that
/// Ctrl-C at the terminal reaches only us and we decide when it ends; it ends with us at the
/// latest.
class ChildProcess {
public:
    /// Starts `arguments[0]` with the others. Throws std::system_error when that is not possible.
    explicit ChildProcess(const std::vector<std::string>& arguments);
    /// Ends the program if it still runs, and waits for it.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// The next line of its output, without the line feed; what was left at the end of the output.
    /// An interrupt is handed on to the program once, and the reading goes on.
    std::string read_line(const Interrupt& interrupt);
    /// The rest of its output.
    std::string read_all(const Interrupt& interrupt);

    /// As if Ctrl-C were pressed in it.
    void interrupt();

    /// Waits for its end: the exit code, or minus the signal that ended it.
    int wait();

private:
    bool read_more(const Interrupt& interrupt);

    pid_t pid_ = -1;
    int output_ = -1;
    std::string buffer_;
    bool interrupted_ = false;
};

} // namespace crawl
