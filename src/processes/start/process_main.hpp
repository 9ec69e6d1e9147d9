#pragma once

#include <string>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket::detail {

/// Runs in a process that Process has started: makes the call in `descriptors` (see Bootstrap).
/// Returns the exit code. If the call throws, prints the exception on stderr.
int make_single_call(Descriptors& descriptors);

[[nodiscard]] const std::string& name_of_this_process() noexcept;

} // namespace hocket::detail
