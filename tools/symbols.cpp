#include "symbols.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "observed_process.hpp"
#include "verbs.hpp"

namespace hocket::tool {

std::vector<std::string> Symbols::describe(const std::vector<Frame>& stack) {
    std::vector<std::string> lines;
    for (const Frame& frame : stack) {
        for (std::string& line : describe(frame)) {
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

namespace {

/// Finds a frame that the program could not name, "?? + 0x1f (/module)", at the end of a line.
std::optional<Frame> unnamed_frame(const std::string& line) {
    static constexpr std::string_view mark = "?? + 0x";
    const std::size_t begin = line.find(mark);
    if (begin == line.npos || !line.ends_with(')')) {
        return std::nullopt;
    }
    Frame frame{line.substr(begin), {}, 0};
    const char* const end = line.data() + line.size();
    const auto [after, error] =
        std::from_chars(line.data() + begin + mark.size(), end, frame.offset, 16);
    if (error != std::errc() || !std::string_view(after, end).starts_with(" (/")) {
        return std::nullopt;
    }
    frame.module.assign(after + 2, end - 1);
    return frame;
}

void print_with_symbols(std::istream& text) {
    Symbols known(0);
    for (std::string line; std::getline(text, line);) {
        const std::optional<Frame> frame = unnamed_frame(line);
        if (!frame) {
            std::cout << line << '\n';
            continue;
        }
        const std::string before = line.substr(0, line.size() - frame->text.size());
        for (const std::string& described : known.describe(*frame)) {
            std::cout << before << described << '\n';
        }
    }
}

} // namespace

void symbols(const std::string& file) {
    if (file == "-") {
        print_with_symbols(std::cin);
        return;
    }
    std::ifstream text(file);
    if (!text) {
        throw Problem(fmt::format("cannot read {}: {}", file, std::strerror(errno)));
    }
    print_with_symbols(text);
}

} // namespace hocket::tool
