// Runs commands side by side and shows their output, line by line as it arrives, after the name of
// the command. Ctrl-C or SIGTERM ends all of them: with SIGTERM first, and with SIGKILL two seconds
// later. Exits with 1 if a command failed.
//
//     $ supervisor
//     count | 1
//     count | 2
//     count | 3
//     count | exit status 0
//     greet | hello
//     greet | exit status 0
//     break | this goes to stderr
//     break | exit status 3
//
// The order of the lines of different commands differs from run to run. With commands of your own:
//
//     $ supervisor 'web=python3 -m http.server' 'ticks=while sleep 1; do date; done'

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
namespace subprocess = hocket::subprocess;

namespace {

struct Command {
    std::string name;
    std::string line;
};

/// Prints lines behind a name, in a colour of its own where a person looks at them.
class Label {
public:
    Label(const std::string& name, std::size_t width, std::size_t number) {
        text_ = name + std::string(width - name.size(), ' ') + " | ";
        if (::isatty(STDOUT_FILENO) == 1) {
            text_ = "\033[3" + std::to_string(1 + number % 6) + "m" + text_ + "\033[0m";
        }
    }
    void print(std::string_view line) const {
        std::printf("%s%.*s\n", text_.c_str(), static_cast<int>(line.size()), line.data());
        std::fflush(stdout);
    }

private:
    std::string text_;
};

hocket::Coro<> show(hocket::StreamReader output, const Label& label) {
    for (;;) {
        std::string line = co_await output.readline();
        if (line.empty()) {
            co_return;
        }
        if (line.back() == '\n') {
            line.pop_back();
        }
        label.print(line);
    }
}

/// Runs a command to its end; when this is cancelled, ends it and all that it has started.
hocket::Coro<bool> supervise(Command command, Label label) {
    auto process = co_await hocket::create_subprocess_shell(
        command.line, {.stdin = subprocess::DEVNULL,
                       .stdout = subprocess::PIPE,
                       .stderr = subprocess::STDOUT,
                       .process_group = 0,
                       .on_cancel = subprocess::OnCancel::terminate,
                       .grace = 2s,
                       .limit = std::size_t{1} << 20});
    auto showing = hocket::create_task(show, process.stdout(), label);
    const int status = co_await process.wait();
    co_await showing;
    label.print(status < 0 ? "ended by signal " + std::to_string(-status)
                           : "exit status " + std::to_string(status));
    co_return status == 0;
}

hocket::Coro<bool> supervise_all(std::vector<Command> commands) {
    std::size_t width = 0;
    for (const Command& command : commands) {
        width = std::max(width, command.name.size());
    }
    std::vector<hocket::Coro<bool>> running;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        running.push_back(supervise(commands[i], Label(commands[i].name, width, i)));
    }
    const std::vector<bool> succeeded = co_await hocket::gather(std::move(running));
    co_return std::count(succeeded.begin(), succeeded.end(), false) == 0;
}

hocket::Coro<bool> program(std::vector<Command> commands) {
    auto all = hocket::create_task(supervise_all(std::move(commands)));
    // As Ctrl-C does by itself.
    hocket::get_running_loop().add_signal_handler(SIGTERM, [all]() mutable { all.cancel(); });
    co_return co_await all;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<Command> commands;
    for (int i = 1; i < argc; ++i) {
        const std::string text = argv[i];
        const std::size_t end = text.find('=');
        commands.push_back(end == std::string::npos
                               ? Command{text.substr(0, text.find(' ')), text}
                               : Command{text.substr(0, end), text.substr(end + 1)});
    }
    if (commands.empty()) {
        commands = {{"count", "seq 3"},
                    {"greet", "sleep 0.1; echo hello"},
                    {"break", "sleep 0.2; echo this goes to stderr >&2; exit 3"}};
    }
    try {
        return hocket::run(program(std::move(commands))) ? 0 : 1;
    } catch (const hocket::CancelledError&) {
        std::puts("stopped");
    } catch (const hocket::KeyboardInterrupt&) {
        std::puts("stopped");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "supervisor: %s\n", error.what());
    }
    return 1;
}
