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

/// What a subprocess's stdin, stdout or stderr is: PIPE, DEVNULL, STDOUT, INHERIT, or a descriptor
/// of this process, which is left open. Python's values.
class Stdio {
public:
    constexpr Stdio() noexcept = default;
    constexpr Stdio(int fd) noexcept : value_(fd) {} // NOLINT(google-explicit-constructor)
    Stdio(const FileDescriptor& file) noexcept       // NOLINT(google-explicit-constructor)
        : value_(file.get()) {}

    /// Nothing when nothing was said.
    [[nodiscard]] constexpr std::optional<int> value() const noexcept {
        return value_ == unset ? std::nullopt : std::optional<int>(value_);
    }
    friend constexpr bool operator==(Stdio, Stdio) noexcept = default;

private:
    static constexpr int unset = std::numeric_limits<int>::min();
    int value_ = unset;
};

inline constexpr Stdio PIPE{-1};    ///< A pipe to this process, with a stream on it.
inline constexpr Stdio STDOUT{-2};  ///< Of stderr: where stdout goes.
inline constexpr Stdio DEVNULL{-3}; ///< /dev/null
inline constexpr Stdio INHERIT{-4}; ///< This process's own: Python's None.

/// The whole environment of a subprocess: refers to a map, or any range of pairs of strings, which
/// must live until the call that it is passed to returns. Empty: this process's environment.
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

    /// "NAME=value" of each; nothing when it is this process's. Throws ValueError for a name with
    /// '=' in it, and for zero bytes.
    [[nodiscard]] std::optional<std::vector<std::string>> lines() const;

private:
    static void add(std::vector<std::string>& lines, std::string_view name, std::string_view value);

    const void* variables_ = nullptr;
    void (*copy_)(const void* from, std::vector<std::string>& lines) = nullptr;
};

/// A copy of this process's environment, to be changed and handed on: Python's dict(os.environ).
[[nodiscard]] std::map<std::string, std::string> current_environment();

/// What becomes of a child whose `wait` or `communicate` is cancelled.
enum class OnCancel {
    leave,     ///< It goes on: Python's way.
    terminate, ///< It gets SIGTERM, and SIGKILL when it has not ended after the grace.
    kill,      ///< It gets SIGKILL.
};

} // namespace subprocess

/// How `create_subprocess_exec` and its like start a program. The names and defaults are Python's.
/// What it refers to (env, pass_fds, extra_groups) must live until the call returns. No other
/// descriptors are inherited, whether close-on-exec or not.
struct SubprocessOptions {
    /// Unset: inherited; of the loop's subprocess_exec and subprocess_shell: PIPE.
    subprocess::Stdio stdin = {};
    subprocess::Stdio stdout = {};
    subprocess::Stdio stderr = {};
    OptionString cwd = {}; ///< Where it runs. A program with a relative path is found there.
    subprocess::Environment env = {};   ///< Also where PATH is taken from. `.env = my_map`
    OptionString executable = {};       ///< The file to run, when it is not what the command names.
    std::span<const int> pass_fds = {}; ///< Further descriptors it has, by the same numbers.
    bool start_new_session = false;     ///< setsid(): apart from this terminal.
    std::optional<int> process_group = {}; ///< setpgid(): 0 for one of its own.
    std::optional<unsigned> umask = {};
    std::optional<unsigned> user = {};  ///< By number.
    std::optional<unsigned> group = {}; ///< By number.
    std::optional<std::span<const unsigned>> extra_groups = {};
    bool restore_signals = true; ///< SIGPIPE and SIGXFSZ have their default effect.
    /// What happens to the child when the task that waits for it is cancelled. The cancellation
    /// then ends when the child has; a second one cuts the grace short. A child that has
    /// a session or process group of its own and still runs is ended with its group.
    subprocess::OnCancel on_cancel = subprocess::OnCancel::leave;
    std::chrono::nanoseconds grace = std::chrono::seconds(5);
    /// Of the StreamReaders, as in ConnectOptions.
    std::size_t limit = std::size_t{64} * 1024;
};

} // namespace hocket
