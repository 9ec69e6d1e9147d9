#include "crawl/messages.hpp"

#include <fmt/format.h>

namespace crawl {

std::string no_answer_within(std::chrono::milliseconds timeout) {
    return fmt::format("no complete answer within {:g} s",
                       static_cast<double>(timeout.count()) / 1000);
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
    return grouped(count) + " " + (count == 1 ? one : many);
}

} // namespace crawl
