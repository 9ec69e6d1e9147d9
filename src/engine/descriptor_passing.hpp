#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// The most descriptors that the kernel passes with one message (SCM_MAX_FD).
constexpr std::size_t most_descriptors = 253;

/// Sends one message with duplicates of `descriptors` on a connected Unix socket of type
/// SOCK_SEQPACKET: all of it or nothing. `bytes` must not be empty, because the receiver would take
/// that for the end. Returns the system's error: EAGAIN if the socket is non-blocking and full,
/// EPIPE if the other end is closed (without SIGPIPE), EMSGSIZE if the message is larger than the
/// socket's buffer, EINVAL for too many descriptors. Signals do not interrupt it.
[[nodiscard]] std::error_code send_message(int fd, std::span<const char> bytes,
                                           std::span<const FileDescriptor> descriptors = {});

/// The result of receive_message. `size` is 0 at the end: the other end is closed and all messages
/// have been received.
struct Received {
    std::error_code error;
    std::size_t size = 0;
};

/// Receives one message into `space`; its descriptors (close-on-exec) replace what is in
/// `descriptors`. Errors: EAGAIN if the socket is non-blocking and empty, EMSGSIZE if the message
/// is larger than `space`, EMFILE if the process has reached its limit of descriptors. In the last
/// two cases the message is lost unless `flags` is MSG_PEEK. Signals do not interrupt it.
[[nodiscard]] Received receive_message(int fd, std::span<char> space,
                                       std::vector<FileDescriptor>& descriptors, int flags = 0);

/// The result of send_some and receive_some.
struct Passed {
    std::error_code error;
    std::size_t size = 0;      ///< Bytes sent or received.
    int flags = 0;             ///< From recvmsg: MSG_CTRUNC, MSG_TRUNC, etc.
    SocketAddress sender = {}; ///< Only if the socket is not connected.
};

/// For Unix sockets of any kind: one sendmsg of `bytes`, which may send only a part of them, with
/// duplicates of up to `most_descriptors` `descriptors`. Returns the system's errors, except that
/// signals do not interrupt it and it does not raise SIGPIPE.
[[nodiscard]] Passed send_some(int fd, std::string_view bytes,
                               std::span<const int> descriptors) noexcept;

/// One recvmsg into `space`; up to `most` descriptors (close-on-exec) replace what is in
/// `descriptors`. If there are more, the kernel drops them and the flags say so.
[[nodiscard]] Passed receive_some(int fd, std::span<char> space, std::size_t most,
                                  std::vector<FileDescriptor>& descriptors);

} // namespace hocket::engine
