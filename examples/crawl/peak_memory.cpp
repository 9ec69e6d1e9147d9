#include "crawl/peak_memory.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace crawl {
namespace {

struct ProcessStatus {
    std::uint64_t parent = 0;
    std::uint64_t peak_memory_kib = 0;
};

/// What /proc/PROCESS/status says; zeros when there is no such process (any more).
ProcessStatus status_of(const std::filesystem::path& process) {
    ProcessStatus found;
    std::ifstream status(process / "status");
    for (std::string word; status >> word;) {
        if (word == "PPid:") status >> found.parent;
        if (word == "VmHWM:") status >> found.peak_memory_kib;
    }
    return found;
}

} // namespace

std::uint64_t peak_memory_kib() { return status_of("/proc/self").peak_memory_kib; }

ChildProcesses child_processes() {
    ChildProcesses children;
    const auto self = static_cast<std::uint64_t>(::getpid());
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != name.npos) continue;
        const ProcessStatus process = status_of(entry.path());
        // One that has ended and was not waited for has no memory.
        if (process.parent != self || process.peak_memory_kib == 0) continue;
        ++children.count;
        children.peak_memory_kib += process.peak_memory_kib;
    }
    return children;
}

} // namespace crawl
