#include <hocket/async_generator.hpp>

#include <string>

#include <hocket/errors.hpp>

#include "loop/report.hpp"

namespace hocket::detail {

void require_not_running(const GeneratorPromiseBase* generator, const char* call) {
    if (generator != nullptr && generator->running) {
        throw RuntimeError(std::string(call) + ": the asynchronous generator '" +
                           generator->where.function_name() + "' is already running");
    }
}

void destroy_generator(GeneratorPromiseBase& generator) noexcept {
    if (!generator.running) [[likely]] {
        generator.handle().destroy();
        return;
    }
    generator.orphaned = true;
    const auto error = std::make_exception_ptr(
        RuntimeError(std::string("the asynchronous generator '") + generator.where.function_name() +
                     "' must outlive the task that awaits its next()"));
    constexpr const char* what = "an asynchronous generator was destroyed while it was running";
    if (LoopCore* const core = running_core()) {
        report_exception(*core, what, error, generator.task);
    } else {
        report_thread_exception(what, error);
    }
}

} // namespace hocket::detail
