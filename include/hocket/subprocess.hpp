#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/subprocess/subprocess_command.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>
#include <hocket/subprocess_options.hpp>

namespace hocket {

namespace detail {
struct SubprocessState; // src/subprocess/subprocess_state.hpp
} // namespace detail

namespace subprocess {

/// Another program, run as a child process: Python's asyncio.subprocess.Process. This is a handle:
/// copies refer to the same process. A program that is still running is killed when the last copy
/// is destroyed, which includes the end of a coroutine that waits, and when the loop closes. It is
/// reaped in any case. (hocket::Process, by contrast, is that of multiprocessing: it runs a
/// function of this program.) Use it only on the loop's thread.
class Process {
public:
    /// Internal.
    explicit Process(std::shared_ptr<detail::SubprocessState> state) noexcept
        : state_(std::move(state)) {}

    /// The streams to and from the program. Throws RuntimeError for one that was not made a PIPE.
    /// They may be copied, and may outlive the Process.
    [[nodiscard]] StreamWriter& stdin() const;
    [[nodiscard]] StreamReader& stdout() const;
    [[nodiscard]] StreamReader& stderr() const;

    [[nodiscard]] int pid() const noexcept;
    /// The exit status, or -N if signal N ended the program; empty while it runs. 255 if it was
    /// reaped elsewhere.
    [[nodiscard]] std::optional<int> returncode() const noexcept;

    /// Waits until the program has ended and returns its returncode. Any number of tasks may wait.
    /// A program blocks, and never ends, if it writes more than its pipes hold while its output is
    /// not read: use communicate. Cancelling ends the wait, and also the program if `on_cancel`
    /// says so.
    Coro<int> wait() const;

    /// Sends `input` and closes stdin, while reading all of stdout and stderr, then waits for the
    /// program to end. Returns (stdout, stderr), each empty if it is not a PIPE. It is not an error
    /// if the program does not read its input. If the program writes more than `most_output` bytes
    /// to stdout or to stderr, it is killed, and LimitOverrunError is thrown. Throws ValueError if
    /// there is input but stdin is not a PIPE. Cancelling drops the data read so far, and affects
    /// the program as in wait.
    Coro<std::pair<std::string, std::string>>
    communicate(std::string_view input = {},
                std::size_t most_output = std::numeric_limits<std::size_t>::max()) const;

    /// Sends a signal to the program. Throws std::system_error (no_such_process) once the
    /// returncode is known, as in Python.
    void send_signal(int signal) const;
    void terminate() const; ///< SIGTERM
    void kill() const;      ///< SIGKILL

private:
    std::shared_ptr<detail::SubprocessState> state_;
};

} // namespace subprocess

namespace detail {
Coro<subprocess::Process> start_process(std::shared_ptr<SubprocessRequest> request);
} // namespace detail

/// Starts a program with these arguments. The program is searched for in PATH unless its name
/// contains a slash. Each argument is a string, a path, or a range of them, whose elements are
/// passed as separate arguments like Python's `*words`. Options come first:
///
///     auto ls = co_await hocket::create_subprocess_exec("ls", "-l");
///     auto cat = co_await hocket::create_subprocess_exec(
///         {.stdin = hocket::subprocess::PIPE, .stdout = hocket::subprocess::PIPE}, "cat");
///     auto [out, err] = co_await cat.communicate("hello");
///
/// Throws a std::system_error that names the program and the cause (the program, the directory …),
/// and ValueError for invalid options. Does not wait, except for the kernel to load the program.
template <detail::CommandPart... Parts> requires(sizeof...(Parts) > 0)
Coro<subprocess::Process> create_subprocess_exec(const SubprocessOptions& options,
                                                 const Parts&... command) {
    return detail::start_process(
        detail::request_subprocess(options, detail::make_command(command...), subprocess::INHERIT));
}
template <detail::CommandPart... Parts> requires(sizeof...(Parts) > 0)
Coro<subprocess::Process> create_subprocess_exec(const Parts&... command) {
    return create_subprocess_exec(SubprocessOptions(), command...);
}

/// Runs `command` in /bin/sh, or in the shell `executable`. Quote any text in it that comes from an
/// untrusted source.
Coro<subprocess::Process> create_subprocess_shell(std::string_view command,
                                                  const SubprocessOptions& options = {});

} // namespace hocket
