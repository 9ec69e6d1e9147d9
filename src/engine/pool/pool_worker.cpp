#include "engine/pool/pool_worker.hpp"

#include <cstring>

namespace hocket::engine {

// std::system_error appends the text of the code to its own text.
PoolFailure failure_of(const std::system_error& error, PoolFailure::Code code) {
    std::string what = error.what();
    const std::string tail = ": " + error.code().message();
    if (what.ends_with(tail)) {
        what.resize(what.size() - tail.size());
    }
    return {code, what, error.code()};
}

std::string describe_exit_status(int status) {
    if (status >= 0) {
        return "ended with exit code " + std::to_string(status);
    }
    const char* const name = ::sigabbrev_np(-status);
    return std::string("was ended by SIG") + (name != nullptr ? name : std::to_string(-status));
}

void PoolWorker::mark_returned(PoolCall& call, std::string body) noexcept {
    call.body_ = std::move(body);
    mark_left(call);
}

} // namespace hocket::engine
