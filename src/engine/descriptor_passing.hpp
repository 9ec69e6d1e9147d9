#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// The kernel passes no more descriptors than this with one message (SCM_MAX_FD).
constexpr std::size_t most_descriptors = 253;

/// Sends one message with duplicates of `descriptors` on a connected Unix socket of type
/// SOCK_SEQPACKET: all of it, or nothing. `bytes` must not be empty: to the receiver that would be
/// the end. Returns the system's error: EAGAIN when the socket does not block and is full, EPIPE
/// when nobody is left at the other end (there is no SIGPIPE), EMSGSIZE when the message is larger
/// than the socket's buffer, EINVAL for too many descriptors. Signals do not interrupt it.
[[nodiscard]] std::error_code send_message(int fd, std::span<const char> bytes,
                                           std::span<const FileDescriptor> descriptors = {});

/// What receive_message received: `size` bytes; none at the end, when nobody is left at the other
/// end and all messages were received.
struct Received {
    std::error_code error;
    std::size_t size = 0;
};

/// Receives one message into `space`; its descriptors (close-on-exec) replace what is in
/// `descriptors`. Errors: EAGAIN when the socket does not block and nothing is there, EMSGSIZE when
/// the message was larger than `space`, EMFILE when the process has no room for its descriptors (it
/// is lost in both cases, unless `flags` are MSG_PEEK). Signals do not interrupt it.
[[nodiscard]] Received receive_message(int fd, std::span<char> space,
                                       std::vector<FileDescriptor>& descriptors, int flags = 0);

/// How send_some and receive_some went.
struct Passed {
    std::error_code error;
    std::size_t size = 0;      ///< Bytes sent or received.
    int flags = 0;             ///< Of recvmsg: MSG_CTRUNC, MSG_TRUNC ….
    SocketAddress sender = {}; ///< Of a socket that is not connected.
};

/// For Unix sockets of any kind: one sendmsg of `bytes`, perhaps not of all, with duplicates of
/// `descriptors`, of which there may be `most_descriptors`. Errors as the system has them, except
/// that signals do not interrupt it and there is no SIGPIPE.
[[nodiscard]] Passed send_some(int fd, std::string_view bytes,
                               std::span<const int> descriptors) noexcept;

/// One recvmsg into `space`; up to `most` descriptors (close-on-exec) replace what is in
/// `descriptors`. The kernel drops those that there is no room for, which the flags tell.
[[nodiscard]] Passed receive_some(int fd, std::span<char> space, std::size_t most,
                                  std::vector<FileDescriptor>& descriptors);

} // namespace hocket::engine
