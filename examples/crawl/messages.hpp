#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace crawl {

/// The same words for the same failure, whichever way it was found.
std::string no_answer_within(std::chrono::milliseconds timeout);

std::string reader_died(int exitcode);

/// 1234567 → "1,234,567".
std::string grouped(std::uint64_t number);

/// "1 page", "1,234 pages".
std::string counted(std::uint64_t count, const char* one, const char* many);

} // namespace crawl
