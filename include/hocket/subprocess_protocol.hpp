#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>

#include <hocket/transport.hpp>

namespace hocket {

namespace detail {
class ProgramTransport;
}

/// Another program, run as a child process, as seen by a SubprocessProtocol: Python's
/// asyncio.SubprocessTransport. It lives as long as its protocol. Use it only on the loop's thread.
class SubprocessTransport : public BaseTransport {
public:
    [[nodiscard]] virtual int get_pid() const noexcept = 0;
    /// The exit status, or -N if signal N ended the program; empty while it runs.
    [[nodiscard]] virtual std::optional<int> get_returncode() const noexcept = 0;
    /// The transport of its stdin (0, for writing), stdout (1) or stderr (2); nullptr if that is
    /// not a PIPE.
    [[nodiscard]] virtual std::shared_ptr<Transport> get_pipe_transport(int fd) const noexcept = 0;

    /// Sends a signal to the program. Throws std::system_error (no_such_process) once the
    /// returncode is known, as in Python.
    virtual void send_signal(int signal) = 0;
    void terminate(); ///< SIGTERM
    void kill();      ///< SIGKILL

    // close() closes the pipes and kills the program if it is still running.

protected:
    ~SubprocessTransport() = default;
};

/// Callbacks for the events of a program: Python's asyncio.SubprocessProtocol. Derive from it and
/// pass it to EventLoop::subprocess_exec. Callbacks run on the loop's thread and must not block. An
/// exception from a callback goes to the loop's exception handler.
class SubprocessProtocol {
public:
    virtual ~SubprocessProtocol();

    /// Called first, when the program has started. `transport` lives at least as long as this
    /// protocol.
    virtual void connection_made(SubprocessTransport& transport) { static_cast<void>(transport); }
    /// Called when the program has written to its stdout (1) or stderr (2). `data` is valid only
    /// during the call.
    virtual void pipe_data_received(int fd, std::string_view data) {
        static_cast<void>(fd);
        static_cast<void>(data);
    }
    /// Called when one of the program's pipes is closed, at either end. For `error`, see
    /// BaseProtocol::connection_lost.
    virtual void pipe_connection_lost(int fd, std::exception_ptr error) {
        static_cast<void>(fd);
        static_cast<void>(error);
    }
    /// Called when the program has ended and has been reaped. Its pipes may still contain data.
    virtual void process_exited() {}
    /// Called last, when the program has ended and its pipes are closed. `error` is nullptr, as in
    /// Python.
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// For the program's stdin; see BaseProtocol.
    virtual void pause_writing() {}
    virtual void resume_writing() {}

protected:
    SubprocessProtocol() = default;

private:
    friend detail::ProgramTransport;
    std::shared_ptr<SubprocessTransport> transport_; // keeps references to the transport valid
};

} // namespace hocket

#include <hocket/detail/subprocess/subprocess_factory.hpp>
