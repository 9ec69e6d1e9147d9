#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/factories.hpp>
#include <hocket/detail/subprocess/subprocess_command.hpp>
#include <hocket/loop_pipes.hpp>
#include <hocket/subprocess_options.hpp>
#include <hocket/subprocess_protocol.hpp>

namespace hocket::detail {

std::shared_ptr<SubprocessTransport>
start_program(EventLoop& loop, SubprocessRequest& request,
              const std::function<std::shared_ptr<SubprocessProtocol>()>& make);

template <class F>
Coro<WithMade<SubprocessTransport, F>>
connect_protocol_program(EventLoop& loop, std::function<std::shared_ptr<Made<F>>()> make,
                         std::shared_ptr<SubprocessRequest> request) {
    std::shared_ptr<Made<F>> protocol;
    const auto make_and_keep = [&] { return protocol = make(); };
    std::shared_ptr<SubprocessTransport> transport = start_program(loop, *request, make_and_keep);
    co_return WithMade<SubprocessTransport, F>(std::move(transport), std::move(protocol));
}

template <class F>
Coro<WithMade<SubprocessTransport, F>> run_program(EventLoop& loop, F factory,
                                                   const SubprocessOptions& options,
                                                   std::vector<std::string> command) {
    return connect_protocol_program<F>(
        loop, share_factory(std::move(factory)),
        request_subprocess(options, std::move(command), subprocess::PIPE));
}

} // namespace hocket::detail

namespace hocket {

template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
requires(sizeof...(Parts) > 0) detail::Connecting<SubprocessTransport, F>
LoopPipes::subprocess_exec(F&& factory, const SubprocessOptions& options, const Parts&... command) {
    return detail::run_program(loop(), std::forward<F>(factory), options,
                               detail::make_command(command...));
}

template <detail::SubprocessProtocolFactory F, detail::CommandPart... Parts>
requires(sizeof...(Parts) > 0)
detail::Connecting<SubprocessTransport, F> LoopPipes::subprocess_exec(F&& factory,
                                                                      const Parts&... command) {
    return detail::run_program(loop(), std::forward<F>(factory), {},
                               detail::make_command(command...));
}

template <detail::SubprocessProtocolFactory F>
detail::Connecting<SubprocessTransport, F>
LoopPipes::subprocess_shell(F&& factory, std::string_view command,
                            const SubprocessOptions& options) {
    return detail::run_program(loop(), std::forward<F>(factory), options,
                               detail::make_shell_command(command));
}

template <detail::SubprocessProtocolFactory F>
detail::Connecting<SubprocessTransport, F> LoopPipes::subprocess_shell(F&& factory,
                                                                       std::string_view command) {
    return subprocess_shell(std::forward<F>(factory), command, {});
}

} // namespace hocket
