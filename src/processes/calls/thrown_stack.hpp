#pragma once

#include <string>

namespace hocket::detail {

// Where exceptions were thrown, in builds without NDEBUG; in others there is nothing to it, and
// throwing costs what it always does.

/// From here on, this process remembers the stacks of its last few exceptions.
void remember_thrown_stacks() noexcept;

/// The stack on which the exception that is being handled was thrown, on whatever thread: a line
/// for each frame, "function + offset (module)", innermost first. A function's name is known when
/// it has external linkage and the program is linked with -rdynamic. Empty when nothing is known.
[[nodiscard]] std::string thrown_stack();

} // namespace hocket::detail
