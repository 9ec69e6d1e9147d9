#include "crawl/messages.hpp"

#include <cstring>
#include <fmt/format.h>

namespace crawl {

std::string no_answer_within(std::chrono::milliseconds timeout) {
    return fmt::format("no complete answer within {:g} s",
                       static_cast<double>(timeout.count()) / 1000);
}

std::string reader_died(int exitcode) {
    if (exitcode >= 0)
        return fmt::format("the process that read the page left with exit code {}", exitcode);
    const char* const name = ::sigabbrev_np(-exitcode);
    return fmt::format("the process that read the page was ended by {}",
                       name ? "SIG" + std::string(name) : fmt::format("signal {}", -exitcode));
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
