#pragma once

#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/factories.hpp>
#include <hocket/file_descriptor.hpp>

namespace hocket {

class EventLoop;

struct SubprocessOptions;

/// The part of EventLoop that has to do with pipes and subprocesses, by protocols. Their streams
/// are in pipe_streams.hpp and subprocess.hpp. For the loop's thread; what is awaited must be
/// awaited on this loop.
class LoopPipes {
public:
    /// Reads from a pipe, FIFO, terminal, socket or file, which the transport takes over and
    /// closes: yields the transport and the protocol that `factory()` made, after its
    /// connection_made. At the end come eof_received, whose answer does not matter, and
    /// connection_lost. Others who have the same pipe or terminal open do not notice that this loop
    /// does not wait for it. Throws std::system_error, ValueError for what is none of these.
    template <detail::ProtocolFactory F>
    Coro<detail::WithMade<ReadTransport, F>> connect_read_pipe(F factory, FileDescriptor pipe);
    /// The same to write to. connection_lost comes as soon as nobody reads any more: with
    /// std::errc::broken_pipe if something was still to be written, with nullptr if nothing was.
    template <detail::ProtocolFactory F>
    Coro<detail::WithMade<WriteTransport, F>> connect_write_pipe(F factory, FileDescriptor pipe);

    /// Starts a program as create_subprocess_exec does, but with stdin, stdout and stderr as pipes
    /// unless the options say otherwise; yields the transport and the protocol that `factory()`
    /// made, after its connection_made. The loop keeps both until the program has ended, whether or
    /// not anybody holds them. `on_cancel` and `limit` have no meaning here.
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0) Coro<detail::WithMade<SubprocessTransport, F>>
    subprocess_exec(F factory, const SubprocessOptions& options, const Parts&... command);
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0)
    Coro<detail::WithMade<SubprocessTransport, F>> subprocess_exec(F factory,
                                                                   const Parts&... command);
    /// Runs `command` by /bin/sh (or `executable`).
    template <detail::SubprocessProtocolFactory F>
    Coro<detail::WithMade<SubprocessTransport, F>>
    subprocess_shell(F factory, std::string_view command, const SubprocessOptions& options);
    template <detail::SubprocessProtocolFactory F>
    Coro<detail::WithMade<SubprocessTransport, F>> subprocess_shell(F factory,
                                                                    std::string_view command);

protected:
    LoopPipes() = default;
    ~LoopPipes() = default;

private:
    [[nodiscard]] EventLoop& loop() noexcept;
};

} // namespace hocket
