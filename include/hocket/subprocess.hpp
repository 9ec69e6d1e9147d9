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

/// A program that runs beside this one: Python's asyncio.subprocess.Process. A handle: copies are
/// the same process, and when the last one is gone (also by the end of a coroutine that waits) a
/// program that still runs is killed. So it is when the loop closes. It is reaped in any case.
/// (hocket::Process is multiprocessing's: a function of this program.) For the loop's thread.
class Process {
public:
    /// For hocket's own parts.
    explicit Process(std::shared_ptr<detail::SubprocessState> state) noexcept
        : state_(std::move(state)) {}

    /// The streams to and from the program; RuntimeError for one that was not made a PIPE. They may
    /// be copied, and outlive the Process.
    [[nodiscard]] StreamWriter& stdin() const;
    [[nodiscard]] StreamReader& stdout() const;
    [[nodiscard]] StreamReader& stderr() const;

    [[nodiscard]] int pid() const noexcept;
    /// Nothing while the program runs; then its exit status, or -N when signal N ended it. 255 when
    /// somebody else has reaped it.
    [[nodiscard]] std::optional<int> returncode() const noexcept;

    /// Waits until the program has ended; yields its returncode. Any number of tasks may wait. A
    /// program that writes more than its pipes hold, while nobody reads them, does not end: use
    /// communicate. Cancelling ends the wait, and the program if `on_cancel` says so.
    Coro<int> wait() const;

    /// Sends `input` and closes stdin, reads all of stdout and stderr, all at once, and waits for
    /// the end; yields (stdout, stderr), empty for what is no PIPE. A program that does not read
    /// its input is no error. LimitOverrunError, and the program is killed, when it writes more
    /// than `most_output` bytes to one of them. ValueError for an input without a pipe for it.
    /// Cancelling drops what was read, and acts on the program as wait's does.
    Coro<std::pair<std::string, std::string>>
    communicate(std::string_view input = {},
                std::size_t most_output = std::numeric_limits<std::size_t>::max()) const;

    /// Throws std::system_error: no_such_process once the returncode is known, as in Python.
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

/// Starts a program, which is looked for in PATH unless its name has a slash, with these arguments.
/// Each is a string or a path, or a range of them, whose elements are taken as Python's `*words`.
/// Options come first:
///
///     auto ls = co_await hocket::create_subprocess_exec("ls", "-l");
///     auto cat = co_await hocket::create_subprocess_exec(
///         {.stdin = hocket::subprocess::PIPE, .stdout = hocket::subprocess::PIPE}, "cat");
///     auto [out, err] = co_await cat.communicate("hello");
///
/// Throws std::system_error that names the program and what did not work (the program, the
/// directory …), ValueError for options that make no sense. Never waits, except for the kernel to
/// load the program.
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

/// Runs `command` by /bin/sh (or `executable`). What comes from elsewhere must be quoted first.
Coro<subprocess::Process> create_subprocess_shell(std::string_view command,
                                                  const SubprocessOptions& options = {});

} // namespace hocket
