#include "callable_name.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace hocket::tool {

namespace {

/// The template arguments of a type: those between its first "<" and the matching ">".
std::vector<std::string> template_arguments(std::string_view type) {
    std::vector<std::string> arguments;
    const std::size_t begin = type.find('<');
    if (begin == std::string_view::npos) {
        return arguments;
    }
    int depth = 0;
    std::string argument;
    for (const char c : type.substr(begin + 1)) {
        if (depth == 0 && (c == ',' || c == '>')) {
            arguments.push_back(argument);
            argument.clear();
            if (c == '>') {
                break;
            }
            continue;
        }
        depth += c == '<' || c == '(' || c == '{' || c == '[' ? 1 : 0;
        depth -= c == '>' || c == ')' || c == '}' || c == ']' ? 1 : 0;
        if (c != ' ' || !argument.empty()) {
            argument += c;
        }
    }
    return arguments;
}

} // namespace

std::string callable_name(const std::string& type) {
    const std::vector<std::string> arguments = template_arguments(type);
    struct Kind {
        std::string_view prefix;
        std::size_t callable; // the number of its template argument
    };
    for (const Kind kind :
         {Kind{"hocket::detail::Call", 1}, // also CallWithOptions
          Kind{"hocket::detail::PostedCall<", 0}, Kind{"void hocket::detail::call_remotely<", 0}}) {
        if (type.starts_with(kind.prefix) && arguments.size() > kind.callable) {
            return arguments[kind.callable];
        }
    }
    return type;
}

std::string function_name(const std::string& frame) {
    return frame.substr(0, std::min(frame.rfind(" at "), frame.rfind(" + 0x")));
}

} // namespace hocket::tool
