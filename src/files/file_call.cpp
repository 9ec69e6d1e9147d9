#include "files/file_call.hpp"

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

engine::FileOperations& file_operations_of(EventLoop& loop) {
    EventLoopState& state = loop.state();
    if (!state.file_operations) {
        state.file_operations = engine::FileOperations::create(state.reactor);
    }
    return *state.file_operations;
}

} // namespace hocket::detail
