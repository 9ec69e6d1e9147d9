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

/// One answer of getaddrinfo.
struct AddressInfo {
    SocketAddress address; ///< With its family.
    int type = 0;
    int proto = 0;
    std::string canonname = {};
};

/// What getaddrinfo is asked besides host and port; 0: any.
struct AddressInfoHints {
    int family = 0;
    int type = 0;
    int proto = 0;
    int flags = 0;
};

/// The part of EventLoop that has to do with sockets and other descriptors. For the loop's thread;
/// what is awaited must be awaited on this loop. Errors are std::system_error with the call and its
/// object in the text.
class LoopIo {
public:
    // -- descriptors -------------------------------------------------------------------------

    /// Calls `callback()` in every turn in which `fd` can be read (or is broken). Replaces the one
    /// before. RuntimeError when `fd` is a transport's.
    void add_reader(int fd, std::function<void()> callback);
    /// Returns false when there was none. Must come before `fd` is closed.
    bool remove_reader(int fd);
    /// As add_reader, for writing.
    void add_writer(int fd, std::function<void()> callback);
    bool remove_writer(int fd);

    // -- sockets without transports ------------------------------------------------------------
    // The socket must be non-blocking, as all of Socket's are, and outlive the await; one task
    // reads and one writes at a time (RuntimeError). Cancelling ends the wait; bytes not yet
    // received are not lost.

    /// Up to `n` bytes; empty at the end of the stream.
    Coro<std::string> sock_recv(const Socket& socket, std::size_t n);
    /// As sock_recv, into `space`; returns how many bytes.
    Coro<std::size_t> sock_recv_into(const Socket& socket, std::span<std::byte> space);
    /// Sends all of `data`, which must stay valid. After an error or a cancellation some of it may
    /// be sent.
    Coro<> sock_sendall(const Socket& socket, std::string_view data);
    /// Sends what is in a file (a descriptor, or anything with `fileno()`), which must stay open,
    /// and returns how many bytes that was. The kernel copies, where it can. The file's position is
    /// behind what was sent afterwards, also after an error or a cancellation. Throws
    /// SendfileNotAvailableError, ValueError for a negative offset or a count below 1.
    Coro<std::uint64_t> sock_sendfile(const Socket& socket, int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sock_sendfile(const Socket& socket, const F& file,
                                      SendfileOptions options = {}) {
        return sock_sendfile(socket, file.fileno(), options);
    }
    /// send_fds and recv_fds (pass_fds.hpp), which see, that wait until the socket is ready. No
    /// descriptor is lost or left open by a cancellation.
    Coro<std::size_t> sock_send_fds(const Socket& socket, std::string_view data,
                                    std::vector<int> fds);
    Coro<ReceivedFds> sock_recv_fds(const Socket& socket, std::size_t bufsize, std::size_t maxfds);
    Coro<> sock_connect(Socket& socket, SocketAddress address);
    /// `socket` must be listening.
    Coro<std::pair<Socket, SocketAddress>> sock_accept(const Socket& socket);
    /// A datagram of up to `n` bytes: what is longer is cut.
    Coro<Datagram> sock_recvfrom(const Socket& socket, std::size_t n);
    /// As sock_recvfrom, into `space`.
    Coro<DatagramSize> sock_recvfrom_into(const Socket& socket, std::span<std::byte> space);
    /// Sends `data`, which must stay valid, as one datagram; returns how many bytes. An unknown
    /// `address` is for connected sockets.
    Coro<std::size_t> sock_sendto(const Socket& socket, std::string_view data,
                                  SocketAddress address);

    /// Resolves a host name (empty: none) and a port number or service name, on another thread.
    Coro<std::vector<AddressInfo>> getaddrinfo(std::string_view host, std::string_view service,
                                               AddressInfoHints hints = {});

    // -- transports and protocols ----------------------------------------------------------------

    /// As sock_sendfile, on a transport: after what is queued on it. Meanwhile the transport does
    /// not read, and a write is a RuntimeError; close() sends the file first. Throws
    /// std::system_error when the connection ends before, RuntimeError when it is closing already.
    Coro<std::uint64_t> sendfile(Transport& transport, int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sendfile(Transport& transport, const F& file,
                                 SendfileOptions options = {}) {
        return sendfile(transport, file.fileno(), options);
    }

    /// Connects to `host` (empty: this machine), which is resolved and whose addresses are tried in
    /// order. Yields the transport and the protocol that `factory()` made, after its
    /// connection_made; with TLS that comes after the handshake, whose failures are thrown.
    template <detail::ProtocolFactory F>
    Coro<detail::WithMade<Transport, F>> create_connection(F factory, std::string_view host,
                                                           int port, ConnectOptions options = {});
    /// The same to a Unix socket; a path that begins with a zero byte is an abstract name.
    template <detail::ProtocolFactory F>
    Coro<detail::WithMade<Transport, F>> create_unix_connection(F factory, std::string_view path,
                                                                ConnectOptions options = {});

    /// Speaks TLS on a connection that stands, from here on, and makes `protocol` its protocol,
    /// which is not told connection_made. A failure or a cancellation closes the connection.
    /// Python makes a new transport; here it is the old one that is yielded. RuntimeError when it
    /// speaks TLS already, is closing, or is none of a socket.
    template <class P>
    Coro<std::shared_ptr<Transport>>
    start_tls(Transport& transport, const std::shared_ptr<P>& protocol, const SSLContext& context,
              const StartTlsOptions& options = {});

    /// Listens on `host` (empty: every interface) and `port` (0: a free one); `factory()` makes a
    /// protocol for each connection. The factory is kept as long as the server.
    template <detail::ProtocolFactory F>
    Coro<Server> create_server(F factory, std::string_view host, int port,
                               ServerOptions options = {});
    /// The same on several hosts.
    template <detail::ProtocolFactory F>
    Coro<Server> create_server(F factory, const std::vector<std::string>& hosts, int port,
                               ServerOptions options = {});
    /// The same on sockets that are bound already, as start_server has it.
    template <detail::ProtocolFactory F>
    Coro<Server> create_server(F factory, std::vector<Socket> sockets, ServerOptions options = {});
    template <detail::ProtocolFactory F>
    Coro<Server> create_server(F factory, Socket socket, ServerOptions options = {});
    /// The same on a Unix socket; a stale socket file at `path` is removed first.
    template <detail::ProtocolFactory F>
    Coro<Server> create_unix_server(F factory, std::string_view path, ServerOptions options = {});

    /// Opens a datagram socket; yields the transport and the protocol that `factory()` made, after
    /// its connection_made. Throws std::system_error when no address works, ValueError when none is
    /// given or they do not go together.
    template <detail::DatagramProtocolFactory F>
    Coro<detail::WithMade<DatagramTransport, F>> create_datagram_endpoint(F factory,
                                                                          DatagramOptions options);
    /// The same on a datagram socket that is there already, bound or connected as it may be.
    /// ValueError when it is of another kind.
    template <detail::DatagramProtocolFactory F>
    Coro<detail::WithMade<DatagramTransport, F>> create_datagram_endpoint(F factory, Socket sock);

protected:
    LoopIo() = default;
    ~LoopIo() = default;

private:
    [[nodiscard]] EventLoop& loop() noexcept;
};

} // namespace hocket
