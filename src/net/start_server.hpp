#pragma once

#include <memory>

#include <hocket/server.hpp>
#include <hocket/start_server.hpp>

#include "net/server_state.hpp"

namespace hocket::detail {

/// Gives each client streams on `loop`. Throws ValueError if the limit is 0.
[[nodiscard]] ServerState::Welcome welcome_streams(EventLoop& loop, StreamWelcome welcome,
                                                   const ServerOptions& options);

/// The handle of a new server. If `start`, the server is accepting when this returns. Throws
/// std::system_error.
Coro<Server> finish_server(std::shared_ptr<ServerState> server, bool start);

} // namespace hocket::detail
