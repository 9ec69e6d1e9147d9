#pragma once

#include <string>

namespace hocket::detail {

// Records where exceptions were thrown, in builds without NDEBUG. In other builds these functions
// do nothing and throwing costs no more than usual.

/// After this call, the process records the stacks of the last few exceptions.
void remember_thrown_stacks() noexcept;

/// The stack on which the exception that is being handled was thrown, on any thread: a line for
/// each frame, "function + offset (module)", innermost first. A function's name is known only if it
/// has external linkage and the program is linked with -rdynamic. Empty if the stack is not known.
[[nodiscard]] std::string thrown_stack();

} // namespace hocket::detail
