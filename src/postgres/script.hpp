#pragma once

#include <string>

#include <hocket/detail/postgres/calls.hpp>

namespace hocket::detail::postgres {

/// Runs one or more commands without parameters, alone on the connection. Returns the summary of
/// the last one.
Coro<std::string> run_script(StatePointer state, std::string sql);

} // namespace hocket::detail::postgres
