#include "loop/interrupt_loop.hpp"

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

void interrupt_loop(const std::exception_ptr& error) noexcept {
    if (LoopCore* core = running_core()) {
        core->loop->state().interruption = error;
        core->loop->stop();
    }
}

} // namespace hocket::detail
