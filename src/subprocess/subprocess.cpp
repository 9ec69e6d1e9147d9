#include <hocket/subprocess.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <system_error>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/gather.hpp>
#include <hocket/wait.hpp>

#include "net/stream_state.hpp"
#include "subprocess/subprocess_state.hpp"

namespace hocket {

namespace detail {

using State = std::shared_ptr<SubprocessState>;
using subprocess::OnCancel;

namespace {

constexpr std::size_t input_part = std::size_t{64} * 1024;
constexpr std::size_t limit_of_writers = 1; // for the read buffer, which a writer does not use

Coro<int> child_exit(std::shared_ptr<StreamProgram> child) {
    ChildExit exit(*child);
    co_return co_await exit;
}

/// Ends a program whose waiting task was cancelled, and waits for its end, so that the program is
/// gone when the caller sees the cancellation. A further cancellation kills the program at once.
Coro<> end_child(State state) {
    StreamProgram& child = *state->child;
    if (state->on_cancel == OnCancel::terminate) {
        child.signal_quietly(SIGTERM, state->leads_group);
        try {
            co_await wait_for(child_exit(state->child), state->grace);
        } catch (const TimeoutError&) { // kill it below
        } catch (const CancelledError&) {
        }
    }
    child.signal_quietly(SIGKILL, state->leads_group);
    while (!child.returncode()) {
        try {
            ChildExit exit(child);
            co_await exit;
        } catch (const CancelledError&) { // SIGKILL takes effect soon: keep waiting
        }
    }
}

/// Awaits `work`. If that is cancelled, ends the program unless its options say to leave it.
template <class T> Coro<T> minding_cancellation(State state, Coro<T> work) {
    std::exception_ptr cancelled;
    try {
        co_return co_await std::move(work);
    } catch (const CancelledError&) {
        cancelled = std::current_exception();
    }
    if (state->on_cancel != OnCancel::leave) {
        co_await end_child(state);
    }
    std::rethrow_exception(cancelled);
}

Coro<> feed(State state, std::string input) {
    if (!state->stdin) {
        co_return;
    }
    StreamWriter stdin = *state->stdin;
    try {
        // Write in parts, because bytes that the pipe does not take at once are copied.
        for (std::string_view left = input; !left.empty();) {
            const std::string_view part = left.substr(0, input_part);
            stdin.write(part);
            left.remove_prefix(part.size());
            co_await stdin.drain();
        }
        co_await stdin.drain();
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::broken_pipe && error.code() != std::errc::connection_reset) {
            throw;
        }
    }
    stdin.close();
}

Coro<std::string> read_all(State state, std::optional<StreamReader> reader, std::size_t most) {
    std::string output;
    if (!reader) {
        co_return output;
    }
    for (;;) {
        const std::string part = co_await reader->read(static_cast<std::ptrdiff_t>(input_part));
        if (part.empty()) {
            co_return output;
        }
        output += part;
        if (output.size() > most) {
            state->child->signal_quietly(SIGKILL, state->leads_group);
            throw LimitOverrunError("process " + std::to_string(state->child->pid()) +
                                        " has written more than " + std::to_string(most) +
                                        " bytes and was killed",
                                    most);
        }
    }
}

Coro<std::pair<std::string, std::string>> communicate(State state, std::string input,
                                                      std::size_t most) {
    auto outputs =
        co_await gather(feed(state, std::move(input)), read_all(state, state->stdout, most),
                        read_all(state, state->stderr, most));
    ChildExit exit(*state->child);
    co_await exit;
    std::pair<std::string, std::string> result(std::move(std::get<1>(outputs)),
                                               std::move(std::get<2>(outputs)));
    co_return result;
}

template <class Stream> Stream& require(std::optional<Stream>& stream, const char* name) {
    if (!stream) {
        throw RuntimeError(std::string(name) + " of this process is not a pipe: start it with {." +
                           name + " = subprocess::PIPE}");
    }
    return *stream;
}

} // namespace

std::shared_ptr<StreamProgram> StreamProgram::start(EventLoop& loop, StartedSubprocess& started) {
    auto child = std::make_shared<StreamProgram>(loop);
    child->watch(started.pid, std::move(started.pidfd), child);
    return child;
}

SubprocessState::~SubprocessState() {
    if (child) {
        child->signal_quietly(SIGKILL, false);
    }
}

Coro<subprocess::Process> start_process(std::shared_ptr<SubprocessRequest> request) {
    EventLoop& loop = get_running_loop();
    const auto state = std::make_shared<SubprocessState>();
    state->on_cancel = request->on_cancel;
    state->grace = request->grace;
    state->leads_group = request->leads_group();
    StartedSubprocess started = start_subprocess(*request);
    state->child = StreamProgram::start(loop, started);
    const auto open = [&](std::size_t i, std::size_t limit) {
        return StreamState::open_pipe(loop, *std::move(started.pipes[i]), limit);
    };
    if (started.pipes[0]) {
        state->stdin.emplace(open(0, limit_of_writers));
    }
    if (started.pipes[1]) {
        state->stdout.emplace(open(1, request->limit)->pipe_reader());
    }
    if (started.pipes[2]) {
        state->stderr.emplace(open(2, request->limit)->pipe_reader());
    }
    co_return subprocess::Process(state);
}

} // namespace detail

namespace subprocess {

StreamWriter& Process::stdin() const { return detail::require(state_->stdin, "stdin"); }
StreamReader& Process::stdout() const { return detail::require(state_->stdout, "stdout"); }
StreamReader& Process::stderr() const { return detail::require(state_->stderr, "stderr"); }

int Process::pid() const noexcept { return state_->child->pid(); }
std::optional<int> Process::returncode() const noexcept { return state_->child->returncode(); }

Coro<int> Process::wait() const {
    return detail::minding_cancellation(state_, detail::child_exit(state_->child));
}

Coro<std::pair<std::string, std::string>> Process::communicate(std::string_view input,
                                                               std::size_t most_output) const {
    if (!input.empty() && !state_->stdin) {
        throw ValueError("communicate: there is input for process " + std::to_string(pid()) +
                         ", but its stdin is not a pipe");
    }
    return detail::minding_cancellation(
        state_, detail::communicate(state_, std::string(input), most_output));
}

void Process::send_signal(int signal) const { state_->child->send_signal(signal); }
void Process::terminate() const { send_signal(SIGTERM); }
void Process::kill() const { send_signal(SIGKILL); }

} // namespace subprocess

Coro<subprocess::Process> create_subprocess_shell(std::string_view command,
                                                  const SubprocessOptions& options) {
    return detail::start_process(detail::request_subprocess(
        options, detail::make_shell_command(command), subprocess::INHERIT));
}

} // namespace hocket
