#include <iostream>

#include "observe/open_metrics.hpp"
#include "observed_process.hpp"
#include "verbs.hpp"

namespace hocket::tool {

void metrics(pid_t process) {
    const ProcessPage page(process);
    std::cout << observer::open_metrics(*page);
}

} // namespace hocket::tool
