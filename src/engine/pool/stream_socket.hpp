#pragma once

namespace hocket::engine {

/// Sets the options of the socket between a pool and a worker: small frames leave at once, and a
/// network that is down ends the connection. Does nothing to sockets that have no such options.
void prepare_stream_socket(int fd) noexcept;

} // namespace hocket::engine
