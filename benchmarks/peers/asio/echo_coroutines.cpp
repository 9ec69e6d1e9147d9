// `asio_echo_coroutines PORT`: like Asio's own echo example, with a buffer large enough for a whole
// message.

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using asio::ip::tcp;

asio::awaitable<void> echo(tcp::socket socket) {
    // Not initialised: a page that is never written to uses no memory.
    constexpr std::size_t buffer_bytes = 16384;
    const auto buffer = std::make_unique_for_overwrite<char[]>(buffer_bytes);
    for (;;) {
        const auto [failed, received] =
            co_await socket.async_read_some(asio::buffer(buffer.get(), buffer_bytes),
                                            asio::experimental::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        const auto [broken, sent] =
            co_await asio::async_write(socket, asio::buffer(buffer.get(), received),
                                       asio::experimental::as_tuple(asio::use_awaitable));
        if (broken) co_return;
    }
}

asio::awaitable<void> listen(asio::ip::port_type port) {
    auto executor = co_await asio::this_coro::executor;
    tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), port});
    acceptor.listen(asio::socket_base::max_listen_connections);
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(executor, echo(std::move(socket)), asio::detached);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    asio::io_context io(1);
    asio::co_spawn(io, listen(static_cast<asio::ip::port_type>(std::atoi(argv[1]))),
                   asio::detached);
    io.run();
}
