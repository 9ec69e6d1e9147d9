#include "observe/worker.hpp"

#include <atomic>

#include <unistd.h>

namespace hocket::observer {

namespace {

std::atomic<pid_t> worker{0};

} // namespace

void observe_worker(Watch owners) noexcept {
    worker.store(::getpid(), std::memory_order_relaxed);
    if (owners != Watch::none) {
        start_or_report(owners, "a worker process is not observed");
    } else {
        start_if_asked();
    }
}

bool is_worker() noexcept { return worker.load(std::memory_order_relaxed) == ::getpid(); }

} // namespace hocket::observer
