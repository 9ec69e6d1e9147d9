#include "observe/worker.hpp"

#include <atomic>

#include <unistd.h>

#include "observe/observer.hpp"

namespace hocket::observer {

namespace {

std::atomic<pid_t> worker{0};

} // namespace

void observe_worker(bool owner_is_observed, bool owner_is_recorded) noexcept {
    worker.store(::getpid(), std::memory_order_relaxed);
    if (owner_is_observed) {
        start_or_report(owner_is_recorded, "a worker process is not observed");
    } else {
        start_if_asked();
    }
}

bool is_worker() noexcept { return worker.load(std::memory_order_relaxed) == ::getpid(); }

} // namespace hocket::observer
