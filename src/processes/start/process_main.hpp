#pragma once

#include <string>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket::detail {

/// In a process that Process has started: makes the call that is in `descriptors` as Bootstrap
/// says. Returns the exit code; what the call throws is printed on stderr.
int make_single_call(Descriptors& descriptors);

[[nodiscard]] const std::string& name_of_this_process() noexcept;

} // namespace hocket::detail
