#include "subprocess/start_subprocess.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/last_error.hpp"

namespace hocket {

namespace subprocess {

std::optional<std::vector<std::string>> Environment::lines() const {
    if (copy_ == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> lines;
    copy_(variables_, lines);
    return lines;
}

void Environment::add(std::vector<std::string>& lines, std::string_view name,
                      std::string_view value) {
    if (name.empty() || name.find('=') != std::string_view::npos) {
        throw ValueError("illegal environment variable name: '" + std::string(name) + "'");
    }
    std::string line(name);
    line += '=';
    line += value;
    if (line.find('\0') != std::string::npos) {
        throw ValueError("zero byte in the environment variable " + std::string(name));
    }
    lines.push_back(std::move(line));
}

std::map<std::string, std::string> current_environment() {
    std::map<std::string, std::string> variables;
    for (char** variable = ::environ; *variable != nullptr; ++variable) {
        const std::string_view line(*variable);
        const std::size_t end = line.find('=');
        if (end != std::string_view::npos && end > 0) {
            variables.emplace(line.substr(0, end), line.substr(end + 1));
        }
    }
    return variables;
}

} // namespace subprocess

namespace detail {

using subprocess::Stdio;

namespace {

constexpr const char* default_search_path = "/bin:/usr/bin"; // Python's os.defpath
constexpr std::array<const char*, 3> standard_names{"stdin", "stdout", "stderr"};

std::string search_path(const engine::SpawnPlan& plan) {
    if (!plan.environment) {
        const char* const path = std::getenv("PATH");
        return path != nullptr ? path : default_search_path;
    }
    for (const std::string& line : *plan.environment) {
        if (line.starts_with("PATH=")) {
            return line.substr(5);
        }
    }
    return default_search_path;
}

void require_no_zero_byte(std::string_view text, const char* what) {
    if (text.find('\0') != std::string_view::npos) {
        throw ValueError(std::string("zero byte in ") + what);
    }
}

void check_standard(const std::array<Stdio, 3>& standard) {
    for (std::size_t i = 0; i < standard.size(); ++i) {
        if (standard[i] == subprocess::STDOUT && i != 2) {
            throw ValueError(std::string("subprocess::STDOUT can be stderr only, not ") +
                             standard_names[i]);
        }
        if (*standard[i].value() < *subprocess::INHERIT.value()) {
            throw ValueError(std::string(standard_names[i]) + " cannot be descriptor " +
                             std::to_string(*standard[i].value()));
        }
    }
}

FileDescriptor open_null_device() {
    FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.is_open()) {
        engine::throw_errno("open /dev/null");
    }
    return null;
}

} // namespace

std::vector<std::string> make_shell_command(std::string_view command) {
    return {"/bin/sh", "-c", std::string(command)};
}

std::shared_ptr<SubprocessRequest> request_subprocess(const SubprocessOptions& options,
                                                      std::vector<std::string> command,
                                                      Stdio unset) {
    if (command.empty()) {
        throw ValueError("a command must have at least one word: the program");
    }
    for (const std::string& word : command) {
        require_no_zero_byte(word, "the command");
    }
    require_no_zero_byte(options.cwd.view(), "cwd");
    require_no_zero_byte(options.executable.view(), "executable");
    if (options.process_group && *options.process_group < 0) {
        throw ValueError("process_group " + std::to_string(*options.process_group) +
                         " must not be negative");
    }
    for (const int fd : options.pass_fds) {
        if (fd < 0) {
            throw ValueError("pass_fds: " + std::to_string(fd) + " is not a descriptor");
        }
    }
    if (options.limit == 0) {
        throw ValueError("the limit of a StreamReader cannot be 0");
    }
    auto request = std::make_shared<SubprocessRequest>();
    request->standard = {options.stdin, options.stdout, options.stderr};
    for (Stdio& each : request->standard) {
        each = each.value() ? each : unset;
    }
    check_standard(request->standard);
    request->on_cancel = options.on_cancel;
    request->grace = options.grace;
    request->limit = options.limit;

    engine::SpawnPlan& plan = request->plan;
    plan.environment = options.env.lines();
    plan.arguments = std::move(command);
    plan.files = engine::executable_files(options.executable.empty() ? plan.arguments.front()
                                                                     : options.executable.str(),
                                          search_path(plan));
    plan.directory = options.cwd.str();
    plan.passed.assign(options.pass_fds.begin(), options.pass_fds.end());
    plan.new_session = options.start_new_session;
    plan.process_group = options.process_group;
    plan.umask = options.umask;
    plan.user = options.user;
    plan.group = options.group;
    if (options.extra_groups) {
        plan.groups.emplace(options.extra_groups->begin(), options.extra_groups->end());
    }
    plan.restore_signals = options.restore_signals;
    return request;
}

StartedSubprocess start_subprocess(SubprocessRequest& request) {
    StartedSubprocess started;
    engine::SpawnPlan& plan = request.plan;
    std::array<FileDescriptor, 3> theirs; // closed in this process once the program has them
    FileDescriptor null;
    for (std::size_t i = 0; i < 3; ++i) {
        const Stdio standard = request.standard[i];
        if (standard == subprocess::PIPE) {
            auto [read_end, write_end] = FileDescriptor::pipe();
            FileDescriptor& ours = i == 0 ? write_end : read_end;
            theirs[i] = std::move(i == 0 ? read_end : write_end);
            plan.standard[i] = theirs[i].fileno();
            ::fcntl(ours.fileno(), F_SETFL, O_NONBLOCK); // no other process uses this end
            std::error_code error;
            started.pipes[i] =
                engine::PipeChannel::open(std::move(ours),
                                          i == 0 ? engine::PipeChannel::Direction::write
                                                 : engine::PipeChannel::Direction::read,
                                          error);
            if (error) {
                throw std::system_error(error, "use a new pipe");
            }
        } else if (standard == subprocess::DEVNULL) {
            if (!null.is_open()) {
                null = open_null_device();
            }
            plan.standard[i] = null.fileno();
        } else if (standard == subprocess::STDOUT) {
            plan.standard[i] = plan.standard[1] >= 0 ? plan.standard[1] : STDOUT_FILENO;
        } else if (standard != subprocess::INHERIT) {
            plan.standard[i] = *standard.value();
        }
    }
    engine::Spawned spawned = engine::spawn(plan);
    if (spawned.failure) {
        throw std::system_error(spawned.failure->code, spawned.failure->what);
    }
    started.pid = spawned.pid;
    started.pidfd = std::move(spawned.pidfd);
    return started;
}

} // namespace detail
} // namespace hocket
