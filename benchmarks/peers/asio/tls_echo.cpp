// `asio_tls_echo PORT CERTIFICATE`: echo_coroutines.cpp over Asio's ssl::stream. The same file
// contains the key.

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/ssl.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "acceptor.hpp"

namespace {

using Stream = asio::ssl::stream<asio::ip::tcp::socket>;
constexpr auto tuple = asio::experimental::as_tuple(asio::use_awaitable);

asio::awaitable<void> echo(asio::ip::tcp::socket socket, asio::ssl::context& context) {
    Stream stream(std::move(socket), context);
    const auto [refused] = co_await stream.async_handshake(Stream::server, tuple);
    if (refused) co_return;
    // Not initialised: a page that is never written to uses no memory.
    constexpr std::size_t buffer_bytes = 16384;
    const auto buffer = std::make_unique_for_overwrite<char[]>(buffer_bytes);
    for (;;) {
        const auto [failed, received] =
            co_await stream.async_read_some(asio::buffer(buffer.get(), buffer_bytes), tuple);
        if (failed) break;
        const auto [broken, sent] =
            co_await asio::async_write(stream, asio::buffer(buffer.get(), received), tuple);
        if (broken) co_return;
    }
    co_await stream.async_shutdown(tuple);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT CERTIFICATE\n", argv[0]), 2;
    asio::io_context io(1);
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain_file(argv[2]);
    context.use_private_key_file(argv[2], asio::ssl::context::pem);
    SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(context.native_handle(),
                                   reinterpret_cast<const unsigned char*>("echo"), 4);
    Acceptor acceptor(io, static_cast<asio::ip::port_type>(std::atoi(argv[1])),
                      [&](asio::ip::tcp::socket socket) {
                          asio::co_spawn(io, echo(std::move(socket), context), asio::detached);
                      });
    io.run();
}
