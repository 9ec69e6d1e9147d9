#pragma once

#include <array>
#include <memory>

#include <hocket/subprocess_protocol.hpp>

#include "net/socket_transport.hpp"
#include "subprocess/running_program.hpp"
#include "subprocess/start_subprocess.hpp"

namespace hocket::detail {

/// A program with a protocol.
class ProgramTransport final : public SubprocessTransport,
                               public RunningProgram,
                               public std::enable_shared_from_this<ProgramTransport> {
public:
    /// Use `open`.
    explicit ProgramTransport(EventLoop& loop) : RunningProgram(loop) {}

    [[nodiscard]] static std::shared_ptr<ProgramTransport>
    open(EventLoop& loop, StartedSubprocess& started, std::shared_ptr<SubprocessProtocol> protocol);

    [[nodiscard]] int get_pid() const noexcept override { return pid(); }
    [[nodiscard]] std::optional<int> get_returncode() const noexcept override {
        return returncode();
    }
    [[nodiscard]] std::shared_ptr<Transport> get_pipe_transport(int fd) const noexcept override;
    void send_signal(int signal) override { RunningProgram::send_signal(signal); }
    void close() noexcept override;
    [[nodiscard]] bool is_closing() const noexcept override { return closing_; }

    void drop() noexcept override;

private:
    class Pipe;

    void connect_pipes(StartedSubprocess& started);
    void on_ended() noexcept override;
    void pipe_lost(int fd, const std::exception_ptr& error) noexcept;
    void finish_if_over() noexcept;
    /// Calls a callback of the protocol. An exception that it throws is reported as one in `what`.
    template <class Call> void tell(const char* what, Call call) noexcept;

    std::shared_ptr<SubprocessProtocol> protocol_; // nullptr at the end
    std::array<std::shared_ptr<SocketTransport>, 3> pipes_;
    int open_pipes_ = 0;
    bool closing_ = false;
};

} // namespace hocket::detail
