#pragma once

#include <memory>

#include <hocket/server.hpp>
#include <hocket/start_server.hpp>

#include "net/server_state.hpp"

namespace hocket::detail {

/// Gives clients streams of `loop`. Throws ValueError for a limit of 0.
[[nodiscard]] ServerState::Welcome welcome_streams(EventLoop& loop, StreamWelcome welcome,
                                                   const ServerOptions& options);

/// The handle to a new server, which serves by then if `start`. Throws std::system_error.
Coro<Server> finish_server(std::shared_ptr<ServerState> server, bool start);

} // namespace hocket::detail
