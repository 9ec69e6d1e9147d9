#pragma once

#include <string>

namespace hocket::tool {

/// The name of what a pool runs, from the demangled name of the type of a thread pool's work or of
/// the function that unpacks a call in a worker process: "parse(Page const&)::{lambda()#1}" from
/// "hocket::detail::Call<int, parse(Page const&)::{lambda()#1}>". For a function pointer, its type.
[[nodiscard]] std::string callable_name(const std::string& type);

/// "count(int)" from "count(int) + 0x0 (/usr/bin/program)" or "count(int) at counts.cpp:12".
[[nodiscard]] std::string function_name(const std::string& frame);

} // namespace hocket::tool
