#pragma once

#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/factories.hpp>
#include <hocket/file_descriptor.hpp>

namespace hocket {

class EventLoop;

struct SubprocessOptions;

/// The part of EventLoop for pipes and subprocesses with protocols; for streams, see
/// pipe_streams.hpp and subprocess.hpp. Use it only on the loop's thread, and await its coroutines
/// on this loop.
class LoopPipes {
public:
    /// Reads from a pipe, FIFO, terminal, socket or file, which the transport takes over and
    /// closes. Returns the transport and the protocol created by `factory()`, after its
    /// connection_made was called. At the end of the input eof_received is called, whose result is
    /// ignored, and then connection_lost. The pipe or terminal does not become non-blocking for
    /// other processes that have it open. Throws std::system_error; ValueError if the descriptor is
    /// of another kind.
    template <detail::ProtocolFactory F>
    detail::Connecting<ReadTransport, F> connect_read_pipe(F&& factory, FileDescriptor pipe);
    /// The same for writing. connection_lost is called as soon as no process has the pipe open for
    /// reading: with std::errc::broken_pipe if data was still queued, and with nullptr otherwise.
    template <detail::ProtocolFactory F>
    detail::Connecting<WriteTransport, F> connect_write_pipe(F&& factory, FileDescriptor pipe);

    /// Starts a program like create_subprocess_exec, except that stdin, stdout and stderr are pipes
    /// unless the options say otherwise. Returns the transport and the protocol created by
    /// `factory()`, after its connection_made was called. The loop keeps both alive until the
    /// program has ended. The options `on_cancel` and `limit` have no effect here.
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0) detail::Connecting<SubprocessTransport, F>
    subprocess_exec(F&& factory, const SubprocessOptions& options, const Parts&... command);
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0)
    detail::Connecting<SubprocessTransport, F> subprocess_exec(F&& factory,
                                                               const Parts&... command);
    /// Runs `command` in /bin/sh, or in the shell `executable`.
    template <detail::SubprocessProtocolFactory F>
    detail::Connecting<SubprocessTransport, F>
    subprocess_shell(F&& factory, std::string_view command, const SubprocessOptions& options);
    template <detail::SubprocessProtocolFactory F>
    detail::Connecting<SubprocessTransport, F> subprocess_shell(F&& factory,
                                                                std::string_view command);

protected:
    LoopPipes() = default;
    ~LoopPipes() = default;

private:
    [[nodiscard]] EventLoop& loop() noexcept;
};

} // namespace hocket
