#include "crawl/peak_memory.hpp"

#include <fstream>
#include <string>

namespace crawl {

std::uint64_t peak_memory_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            std::uint64_t kib = 0;
            status >> kib;
            return kib;
        }
    return 0;
}

} // namespace crawl
