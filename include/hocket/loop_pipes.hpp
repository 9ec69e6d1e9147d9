#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/subprocess/subprocess_command.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/subprocess_options.hpp>
#include <hocket/subprocess_protocol.hpp>
#include <hocket/transport.hpp>

namespace hocket {

class EventLoop;

namespace detail {

enum class PipeDirection { read, write };
std::shared_ptr<Transport> attach_protocol_to_pipe(EventLoop& loop, FileDescriptor pipe,
                                                   PipeDirection direction, AnyProtocol protocol);
std::shared_ptr<SubprocessTransport>
start_program(EventLoop& loop, SubprocessRequest& request,
              const std::function<std::shared_ptr<SubprocessProtocol>()>& make);

template <class T, class P> using WithProtocol = std::pair<std::shared_ptr<T>, std::shared_ptr<P>>;

/// Side is ReadTransport or WriteTransport.
template <class Side, class P>
Coro<WithProtocol<Side, P>> connect_protocol_pipe(EventLoop& loop,
                                                  std::function<std::shared_ptr<P>()> make,
                                                  std::shared_ptr<FileDescriptor> pipe) {
    constexpr auto direction =
        std::is_same_v<Side, ReadTransport> ? PipeDirection::read : PipeDirection::write;
    std::shared_ptr<P> protocol = make();
    co_return WithProtocol<Side, P>(
        attach_protocol_to_pipe(loop, std::move(*pipe), direction, AnyProtocol(protocol)),
        protocol);
}

/// A callable that makes a SubprocessProtocol: returns a shared_ptr or unique_ptr to one.
template <class F>
concept SubprocessProtocolFactory = std::invocable<F&> && requires(std::invoke_result_t<F&> made) {
    { *made } -> std::convertible_to<const SubprocessProtocol&>;
};
template <SubprocessProtocolFactory F>
using FactorySubprocessProtocol =
    std::remove_reference_t<decltype(*std::declval<std::invoke_result_t<F&>>())>;

template <class P>
Coro<WithProtocol<SubprocessTransport, P>>
connect_protocol_program(EventLoop& loop, std::function<std::shared_ptr<P>()> make,
                         std::shared_ptr<SubprocessRequest> request) {
    std::shared_ptr<P> protocol;
    const auto make_and_keep = [&] { return protocol = make(); };
    std::shared_ptr<SubprocessTransport> transport = start_program(loop, *request, make_and_keep);
    co_return WithProtocol<SubprocessTransport, P>(std::move(transport), std::move(protocol));
}

} // namespace detail

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
    Coro<detail::WithProtocol<ReadTransport, detail::FactoryProtocol<F>>>
    connect_read_pipe(F factory, FileDescriptor pipe) {
        return detail::connect_protocol_pipe<ReadTransport, detail::FactoryProtocol<F>>(
            loop(), detail::share(std::move(factory)),
            std::make_shared<FileDescriptor>(std::move(pipe)));
    }
    /// The same to write to. connection_lost comes as soon as nobody reads any more: with
    /// std::errc::broken_pipe if something was still to be written, with nullptr if nothing was.
    template <detail::ProtocolFactory F>
    Coro<detail::WithProtocol<WriteTransport, detail::FactoryProtocol<F>>>
    connect_write_pipe(F factory, FileDescriptor pipe) {
        return detail::connect_protocol_pipe<WriteTransport, detail::FactoryProtocol<F>>(
            loop(), detail::share(std::move(factory)),
            std::make_shared<FileDescriptor>(std::move(pipe)));
    }

    /// Starts a program as create_subprocess_exec does, but with stdin, stdout and stderr as pipes
    /// unless the options say otherwise; yields the transport and the protocol that `factory()`
    /// made, after its connection_made. The loop keeps both until the program has ended, whether or
    /// not anybody holds them. `on_cancel` and `limit` have no meaning here.
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0)
    Coro<detail::WithProtocol<SubprocessTransport, detail::FactorySubprocessProtocol<F>>>
    subprocess_exec(F factory, const SubprocessOptions& options, const Parts&... command) {
        return start(std::move(factory), options, detail::make_command(command...));
    }
    template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
    requires(sizeof...(Parts) > 0)
    Coro<detail::WithProtocol<SubprocessTransport, detail::FactorySubprocessProtocol<F>>>
    subprocess_exec(F factory, const Parts&... command) {
        return start(std::move(factory), {}, detail::make_command(command...));
    }
    /// Runs `command` by /bin/sh (or `executable`).
    template <detail::SubprocessProtocolFactory F>
    Coro<detail::WithProtocol<SubprocessTransport, detail::FactorySubprocessProtocol<F>>>
    subprocess_shell(F factory, std::string_view command, const SubprocessOptions& options = {}) {
        return start(std::move(factory), options, detail::make_shell_command(command));
    }

protected:
    LoopPipes() = default;
    ~LoopPipes() = default;

private:
    template <class F>
    Coro<detail::WithProtocol<SubprocessTransport, detail::FactorySubprocessProtocol<F>>>
    start(F factory, const SubprocessOptions& options, std::vector<std::string> command) {
        using P = detail::FactorySubprocessProtocol<F>;
        // A copyable function of a factory that perhaps can only be moved.
        auto make = [factory = std::make_shared<F>(std::move(factory))] {
            return std::shared_ptr<P>((*factory)());
        };
        return detail::connect_protocol_program<P>(
            loop(), std::move(make),
            detail::request_subprocess(options, std::move(command), subprocess::PIPE));
    }

    [[nodiscard]] EventLoop& loop() noexcept;
};

} // namespace hocket
