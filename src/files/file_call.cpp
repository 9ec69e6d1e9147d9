#include "files/file_call.hpp"

#include <system_error>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

engine::FileOperations& file_operations_of(EventLoop& loop) {
    EventLoopState& state = loop.state();
    if (!state.file_operations) {
        state.file_operations = engine::FileOperations::create(state.reactor);
    }
    return *state.file_operations;
}

void fail_call(const char* call, const std::string& path, std::int64_t result) {
    throw std::system_error(static_cast<int>(-result), std::system_category(),
                            std::string(call) + " " + path);
}

std::string join_path(const std::string& folder, const std::string& name) {
    return folder.empty() || folder.back() == '/' ? folder + name : folder + "/" + name;
}

} // namespace hocket::detail
