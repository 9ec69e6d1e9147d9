#pragma once

#include <exception>

namespace hocket::detail {

/// Ends the running loop's run with `error` (KeyboardInterrupt).
void interrupt_loop(const std::exception_ptr& error) noexcept;

} // namespace hocket::detail
