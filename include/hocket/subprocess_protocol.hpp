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

/// A program that runs beside this one, as a SubprocessProtocol sees it: Python's
/// asyncio.SubprocessTransport. It lives as long as its protocol does. For the loop's thread.
class SubprocessTransport : public BaseTransport {
public:
    [[nodiscard]] virtual int get_pid() const noexcept = 0;
    /// Nothing while the program runs; then its exit status, or -N when signal N ended it.
    [[nodiscard]] virtual std::optional<int> get_returncode() const noexcept = 0;
    /// The transport of its stdin (0, to write to), stdout (1) or stderr (2); nullptr for what is
    /// no PIPE.
    [[nodiscard]] virtual std::shared_ptr<Transport> get_pipe_transport(int fd) const noexcept = 0;

    /// Throws std::system_error: no_such_process once the returncode is known, as in Python.
    virtual void send_signal(int signal) = 0;
    void terminate(); ///< SIGTERM
    void kill();      ///< SIGKILL

    // close() closes the pipes and kills the program if it still runs.

protected:
    ~SubprocessTransport() = default;
};

/// Is told what a program does: Python's asyncio.SubprocessProtocol. Derive from it and hand it to
/// EventLoop::subprocess_exec. Callbacks run on the loop's thread and must not block. What one
/// throws goes to the loop's exception handler.
class SubprocessProtocol {
public:
    virtual ~SubprocessProtocol();

    /// The program runs. `transport` lives at least as long as this protocol.
    virtual void connection_made(SubprocessTransport& transport) { static_cast<void>(transport); }
    /// It wrote to its stdout (1) or stderr (2); `data` is valid during the call only.
    virtual void pipe_data_received(int fd, std::string_view data) {
        static_cast<void>(fd);
        static_cast<void>(data);
    }
    /// One of its pipes is closed, at this end or at that; `error` as in Protocol::connection_lost.
    virtual void pipe_connection_lost(int fd, std::exception_ptr error) {
        static_cast<void>(fd);
        static_cast<void>(error);
    }
    /// It has ended, and is reaped. There may be data in its pipes still.
    virtual void process_exited() {}
    /// It has ended and its pipes are closed: the last call. `error` is nullptr, as in Python.
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// Of its stdin, as in BaseProtocol.
    virtual void pause_writing() {}
    virtual void resume_writing() {}

protected:
    SubprocessProtocol() = default;

private:
    friend detail::ProgramTransport;
    std::shared_ptr<SubprocessTransport> transport_; // kept for those who store the reference
};

} // namespace hocket

#include <hocket/detail/subprocess/subprocess_factory.hpp>
