#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/datagram.hpp>
#include <hocket/detail/loop/factories.hpp>
#include <hocket/detail/loop/sendfile.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket {

class EventLoop;
class SSLContext;
class Server;
struct ReceivedFds; // pass_fds.hpp

/// One result of getaddrinfo.
struct AddressInfo {
    SocketAddress address; ///< Includes its family.
    int type = 0;
    int proto = 0;
    std::string canonname = {};
};

/// Restricts the results of getaddrinfo; 0 means any.
struct AddressInfoHints {
    int family = 0;
    int type = 0;
    int proto = 0;
    int flags = 0;
};

/// The part of EventLoop for sockets and other descriptors. Use it only on the loop's thread, and
/// await its coroutines on this loop. Errors are thrown as std::system_error with the call and its
/// object in the text.
class LoopIo {
public:
    // -- descriptors -------------------------------------------------------------------------

    /// Calls `callback()` in every turn of the loop in which `fd` is readable or has an error.
    /// Replaces any earlier reader of `fd`. Throws RuntimeError if `fd` belongs to a transport.
    void add_reader(int fd, std::function<void()> callback);
    /// Removes the reader; returns false if there was none. Call this before closing `fd`.
    bool remove_reader(int fd);
    /// Like add_reader, for writing.
    void add_writer(int fd, std::function<void()> callback);
    bool remove_writer(int fd);

    // -- sockets without transports ------------------------------------------------------------
    // The socket must be non-blocking, as all sockets owned by a Socket are, and must outlive the
    // await. One task may read and one may write at a time; a second one throws RuntimeError.
    // Cancelling ends the wait; data not yet received is not lost.

    /// Receives up to `n` bytes; empty at the end of the stream.
    Coro<std::string> sock_recv(const Socket& socket, std::size_t n);
    /// Like sock_recv, but receives into `space` and returns the number of bytes.
    Coro<std::size_t> sock_recv_into(const Socket& socket, std::span<std::byte> space);
    /// Sends all of `data`, which must stay valid. If it fails or is cancelled, some of the data
    /// may have been sent.
    Coro<> sock_sendall(const Socket& socket, std::string_view data);
    /// Sends the content of a file (a descriptor, or any object with `fileno()`), which must stay
    /// open, and returns the number of bytes sent. The kernel copies the data if it can. Afterwards
    /// the file position is at the end of the data sent, even after an error or a cancellation.
    /// Throws SendfileNotAvailableError; ValueError for a negative offset or a count below 1.
    Coro<std::uint64_t> sock_sendfile(const Socket& socket, int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sock_sendfile(const Socket& socket, const F& file,
                                      SendfileOptions options = {}) {
        return sock_sendfile(socket, file.fileno(), options);
    }
    /// Like send_fds and recv_fds (see pass_fds.hpp), but wait until the socket is ready.
    /// Cancelling neither loses a descriptor nor leaves one open.
    Coro<std::size_t> sock_send_fds(const Socket& socket, std::string_view data,
                                    std::vector<int> fds);
    Coro<ReceivedFds> sock_recv_fds(const Socket& socket, std::size_t bufsize, std::size_t maxfds);
    Coro<> sock_connect(Socket& socket, SocketAddress address);
    /// Accepts a connection on `socket`, which must be listening. Returns the new socket and the
    /// peer's address.
    Coro<std::pair<Socket, SocketAddress>> sock_accept(const Socket& socket);
    /// Receives a datagram; one longer than `n` bytes is truncated.
    Coro<Datagram> sock_recvfrom(const Socket& socket, std::size_t n);
    /// Like sock_recvfrom, but receives into `space`.
    Coro<DatagramSize> sock_recvfrom_into(const Socket& socket, std::span<std::byte> space);
    /// Sends `data`, which must stay valid, as one datagram and returns the number of bytes. For a
    /// connected socket, leave `address` unknown.
    Coro<std::size_t> sock_sendto(const Socket& socket, std::string_view data,
                                  SocketAddress address);

    /// Resolves a host name (empty: no name) and a port number or service name, on another thread.
    Coro<std::vector<AddressInfo>> getaddrinfo(std::string_view host, std::string_view service,
                                               AddressInfoHints hints = {});

    // -- transports and protocols ----------------------------------------------------------------

    /// Like sock_sendfile, but sends on a transport, after the data already queued on it. During
    /// the transfer the transport does not read, a write throws RuntimeError, and close() sends the
    /// rest of the file first. Throws std::system_error if the connection ends early, and
    /// RuntimeError if the transport is closing already.
    Coro<std::uint64_t> sendfile(Transport& transport, int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sendfile(Transport& transport, const F& file,
                                 SendfileOptions options = {}) {
        return sendfile(transport, file.fileno(), options);
    }

    /// Connects to `host` (empty: this machine). The name is resolved, and its addresses are tried
    /// in order. Returns the transport and the protocol created by `factory()`, after its
    /// connection_made was called. With TLS, connection_made is called after the handshake, and a
    /// failed handshake throws.
    template <detail::ProtocolFactory F>
    detail::Connecting<Transport, F> create_connection(F&& factory, std::string_view host, int port,
                                                       ConnectOptions options = {});
    /// The same for a Unix socket. A path that begins with a zero byte is an abstract name.
    template <detail::ProtocolFactory F>
    detail::Connecting<Transport, F> create_unix_connection(F&& factory, std::string_view path,
                                                            ConnectOptions options = {});

    /// Starts TLS on an existing connection and switches to `protocol`, whose connection_made is
    /// not called. Returns the same transport, unlike Python, which creates a new one. A failure or
    /// a cancellation closes the connection. Throws RuntimeError if the transport already uses TLS,
    /// is closing, or is not a socket.
    template <class P>
    Coro<std::shared_ptr<Transport>>
    start_tls(Transport& transport, const std::shared_ptr<P>& protocol, const SSLContext& context,
              const StartTlsOptions& options = {});

    /// Listens on `host` (empty: every interface) and `port` (0: any free port). `factory()`
    /// creates a protocol for each connection. The factory is kept as long as the server.
    template <detail::ProtocolFactory F>
    detail::MadeOf<Coro<Server>, F> create_server(F&& factory, std::string_view host, int port,
                                                  ServerOptions options = {});
    /// The same on several hosts.
    template <detail::ProtocolFactory F>
    detail::MadeOf<Coro<Server>, F> create_server(F&& factory,
                                                  const std::vector<std::string>& hosts, int port,
                                                  ServerOptions options = {});
    /// The same on sockets that are already bound; see start_server.
    template <detail::ProtocolFactory F>
    detail::MadeOf<Coro<Server>, F> create_server(F&& factory, std::vector<Socket> sockets,
                                                  ServerOptions options = {});
    template <detail::ProtocolFactory F>
    detail::MadeOf<Coro<Server>, F> create_server(F&& factory, Socket socket,
                                                  ServerOptions options = {});
    /// The same on a Unix socket. A stale socket file at `path` is removed first.
    template <detail::ProtocolFactory F>
    detail::MadeOf<Coro<Server>, F> create_unix_server(F&& factory, std::string_view path,
                                                       ServerOptions options = {});

    /// Opens a datagram socket. Returns the transport and the protocol created by `factory()`,
    /// after its connection_made was called. Throws std::system_error if no address works, and
    /// ValueError if no address is given or the addresses do not fit together.
    template <detail::DatagramProtocolFactory F>
    detail::Connecting<DatagramTransport, F> create_datagram_endpoint(F&& factory,
                                                                      DatagramOptions options);
    /// The same for an existing datagram socket, whether bound, connected or neither. Throws
    /// ValueError if it is not a datagram socket.
    template <detail::DatagramProtocolFactory F>
    detail::Connecting<DatagramTransport, F> create_datagram_endpoint(F&& factory, Socket sock);

protected:
    LoopIo() = default;
    ~LoopIo() = default;

private:
    [[nodiscard]] EventLoop& loop() noexcept;
};

} // namespace hocket
