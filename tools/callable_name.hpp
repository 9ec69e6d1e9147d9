#pragma once

#include <string>

namespace hocket::tool {

/// The name of what a thread pool runs, from the demangled name of the type of its work:
/// "parse(Page const&)::{lambda()#1}" from "hocket::detail::Call<int, parse(Page const&)::
/// {lambda()#1}>".
[[nodiscard]] std::string callable_name(const std::string& type);

/// "count(int)" from "count(int) + 0x0 (/usr/bin/program)".
[[nodiscard]] std::string function_name(const std::string& frame);

} // namespace hocket::tool
