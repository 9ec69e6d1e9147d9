#include <hocket/detail/sync/guard.hpp>

#include <exception>

#include "loop/report.hpp"

namespace hocket::detail {

void report_failed_release() noexcept {
    LoopCore* const core = running_core();
    if (core != nullptr) {
        report_exception(*core, "exception while a guard released its object",
                         std::current_exception(), core->current);
    } else {
        report_thread_exception("exception while a guard released its object",
                                std::current_exception());
    }
}

} // namespace hocket::detail
