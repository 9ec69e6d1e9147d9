#include "callable_name.hpp"

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
    const bool has_result = type.starts_with("hocket::detail::Call"); // also CallWithOptions
    const bool has_none = type.starts_with("hocket::detail::PostedCall");
    const std::size_t callable = has_result ? 1 : 0;
    return (has_result || has_none) && arguments.size() > callable ? arguments[callable] : type;
}

std::string function_name(const std::string& frame) { return frame.substr(0, frame.find(" + 0x")); }

} // namespace hocket::tool
