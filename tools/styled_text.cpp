#include "styled_text.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace hocket::tool {

namespace {

bool continues_character(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

/// Applies "1;31", what is between "\x1b[" and "m".
void apply(std::string_view codes, Run& style) {
    for (const char *at = codes.data(), *const end = at + codes.size(); at < end; ++at) {
        int code = 0;
        at = std::from_chars(at, end, code).ptr;
        if (code == 0) {
            style = {};
        } else if (code == 1) {
            style.bold = true;
        } else if (code == 2) {
            style.dim = true;
        } else {
            style.colour = code;
        }
    }
}

void add_run(StyledLine& line, const Run& style, std::string_view text) {
    if (!text.empty()) {
        line.push_back(style);
        line.back().text = text;
    }
}

} // namespace

std::vector<StyledLine> styled_lines(std::string_view text) {
    std::vector<StyledLine> lines;
    Run style;
    while (!text.empty()) {
        std::string_view rest = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(rest.size() + 1, text.size()));
        StyledLine& line = lines.emplace_back();
        while (!rest.empty()) {
            const std::size_t escape = rest.find("\x1b[");
            add_run(line, style, rest.substr(0, escape));
            const std::size_t end = rest.find('m', escape);
            if (escape == rest.npos || end == rest.npos) {
                break;
            }
            apply(rest.substr(escape + 2, end - escape - 2), style);
            rest.remove_prefix(end + 1);
        }
    }
    return lines;
}

std::size_t columns_of(std::string_view text) noexcept {
    std::size_t count = 0;
    for (const char byte : text) {
        count += continues_character(byte) ? 0 : 1;
    }
    return count;
}

std::size_t columns_of(const StyledLine& line) noexcept {
    std::size_t count = 0;
    for (const Run& run : line) {
        count += columns_of(run.text);
    }
    return count;
}

void cut(StyledLine& line, std::size_t columns) {
    std::size_t excess = columns_of(line);
    if (excess <= columns || columns == 0) {
        return;
    }
    excess -= columns - 1; // room for the mark
    while (excess > 0) {
        std::string& last = line.back().text;
        while (excess > 0 && !last.empty()) {
            excess -= continues_character(last.back()) ? 0 : 1;
            last.pop_back();
        }
        if (last.empty() && line.size() > 1) {
            line.pop_back();
        }
    }
    line.back().text += "…";
}

std::string for_terminal(const StyledLine& line) {
    std::string text;
    for (const Run& run : line) {
        const bool is_plain = !run.bold && !run.dim && run.colour == 0;
        if (is_plain) {
            text += run.text;
            continue;
        }
        text += "\x1b[0";
        text += run.bold ? ";1" : "";
        text += run.dim ? ";2" : "";
        text += run.colour != 0 ? fmt::format(";{}", run.colour) : "";
        text += 'm' + run.text + "\x1b[0m";
    }
    return text;
}

} // namespace hocket::tool
