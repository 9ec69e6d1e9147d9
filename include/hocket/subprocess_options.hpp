#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/detail/loop/input_range.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/option_string.hpp>

namespace hocket {

namespace subprocess {

/// The stdin, stdout or stderr of a subprocess: PIPE, DEVNULL, STDOUT, INHERIT, or a descriptor of
/// this process, which is left open. The values are Python's.
class Stdio {
public:
    constexpr Stdio() noexcept = default;
    constexpr Stdio(int fd) noexcept : value_(fd) {} // NOLINT(google-explicit-constructor)
    Stdio(const FileDescriptor& file) noexcept       // NOLINT(google-explicit-constructor)
        : value_(file.fileno()) {}

    /// The value; empty if none was given.
    [[nodiscard]] constexpr std::optional<int> value() const noexcept {
        return value_ == unset ? std::nullopt : std::optional<int>(value_);
    }
    friend constexpr bool operator==(Stdio, Stdio) noexcept = default;

private:
    static constexpr int unset = std::numeric_limits<int>::min();
    int value_ = unset;
};

inline constexpr Stdio PIPE{-1};    ///< A pipe to this process, with a stream on it.
inline constexpr Stdio STDOUT{-2};  ///< For stderr: the same as stdout.
inline constexpr Stdio DEVNULL{-3}; ///< /dev/null
inline constexpr Stdio INHERIT{-4}; ///< The same as this process's: Python's None.

/// The complete environment of a subprocess. Refers to a map, or to any range of pairs of strings,
/// which must live until the call that receives it returns. Empty: this process's environment.
class Environment {
public:
    constexpr Environment() noexcept = default;
    template <detail::InputRange Variables>
    requires(!std::same_as<Variables, Environment>) && requires(const Variables& variables) {
        { std::ranges::begin(variables)->first } -> std::convertible_to<std::string_view>;
        { std::ranges::begin(variables)->second } -> std::convertible_to<std::string_view>;
    } Environment(const Variables& variables) noexcept // NOLINT(google-explicit-constructor)
        : variables_(&variables), copy_([](const void* from, std::vector<std::string>& lines) {
              for (const auto& [name, value] : *static_cast<const Variables*>(from)) {
                  add(lines, name, value);
              }
          }) {}

    /// The variables as "NAME=value"; empty if it is this process's environment. Throws ValueError
    /// for a name that contains '=', and for zero bytes.
    [[nodiscard]] std::optional<std::vector<std::string>> lines() const;

private:
    static void add(std::vector<std::string>& lines, std::string_view name, std::string_view value);

    const void* variables_ = nullptr;
    void (*copy_)(const void* from, std::vector<std::string>& lines) = nullptr;
};

/// A copy of this process's environment, to be modified and passed on: Python's dict(os.environ).
[[nodiscard]] std::map<std::string, std::string> current_environment();

/// What happens to a child when its `wait` or `communicate` is cancelled.
enum class OnCancel {
    leave,     ///< It keeps running, as in Python.
    terminate, ///< It gets SIGTERM, and SIGKILL if it has not ended after the grace period.
    kill,      ///< It gets SIGKILL.
};

} // namespace subprocess

/// Options for starting a program. The names and defaults are Python's. Objects they refer to (env,
/// pass_fds, extra_groups) must live until the call returns. No other descriptors are inherited,
/// whether close-on-exec or not.
struct SubprocessOptions {
    /// Unset: inherited; for the loop's subprocess_exec and subprocess_shell: PIPE.
    subprocess::Stdio stdin = {};
    subprocess::Stdio stdout = {};
    subprocess::Stdio stderr = {};
    OptionString cwd = {}; ///< The working directory; a relative program path is relative to it.
    subprocess::Environment env = {}; ///< `.env = my_map`; its PATH is used for the search.
    OptionString executable = {}; ///< The file to run, if it differs from the command's first word.
    std::span<const int> pass_fds = {}; ///< Further descriptors to inherit, with the same numbers.
    bool start_new_session = false;     ///< setsid(): detached from this terminal.
    std::optional<int> process_group = {}; ///< setpgid(); 0: a new group.
    std::optional<unsigned> umask = {};
    std::optional<unsigned> user = {};  ///< A user id.
    std::optional<unsigned> group = {}; ///< A group id.
    std::optional<std::span<const unsigned>> extra_groups = {};
    bool restore_signals = true; ///< Reset SIGPIPE and SIGXFSZ to their default effect.
    /// What happens to the child when the task that waits for it is cancelled. The cancellation
    /// then completes only when the child has ended; a second cancellation cuts the grace period
    /// short. If the child has its own session or process group and is still running, its whole
    /// group is ended.
    subprocess::OnCancel on_cancel = subprocess::OnCancel::leave;
    std::chrono::nanoseconds grace = std::chrono::seconds(5);
    /// The limit of the StreamReaders, as in ConnectOptions.
    std::size_t limit = std::size_t{64} * 1024;
};

} // namespace hocket
