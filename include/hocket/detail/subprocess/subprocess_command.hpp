#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/detail/loop/factories.hpp>
#include <hocket/subprocess_options.hpp>

namespace hocket::detail {

template <CommandWord T> void append_part(std::vector<std::string>& command, const T& word) {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
        command.emplace_back(std::string_view(word));
    } else {
        command.push_back(word);
    }
}
template <CommandPart T> requires(!CommandWord<T>)
void append_part(std::vector<std::string>& command, const T& words) {
    for (const auto& word : words) {
        append_part(command, word);
    }
}

template <CommandPart... Parts> std::vector<std::string> make_command(const Parts&... parts) {
    std::vector<std::string> command;
    (append_part(command, parts), ...);
    return command;
}
/// /bin/sh -c
[[nodiscard]] std::vector<std::string> make_shell_command(std::string_view command);

/// Checked copies of the options and the command, so that their referents need not outlive the
/// call.
struct SubprocessRequest;
/// Throws ValueError if they are invalid. `unset` is used for each Stdio that is not set.
[[nodiscard]] std::shared_ptr<SubprocessRequest>
request_subprocess(const SubprocessOptions& options, std::vector<std::string> command,
                   subprocess::Stdio unset);

} // namespace hocket::detail
