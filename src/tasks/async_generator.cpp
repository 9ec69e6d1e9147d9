#include <hocket/async_generator.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket::detail {

void require_not_running(const GeneratorPromiseBase* generator, const char* call) {
    if (generator != nullptr && generator->running) {
        throw RuntimeError(std::string(call) + ": the asynchronous generator '" +
                           generator->where.function_name() + "' is already running");
    }
}

} // namespace hocket::detail
