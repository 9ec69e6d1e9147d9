// `asio_http PORT ANSWER_BYTES` answers `GET /hello.txt` with keep-alive. It uses coroutines and
// the same parser as the epoll server.

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <cstdio>
#include <cstdlib>

#include "../http_hello.hpp"
#include "acceptor.hpp"

namespace {

asio::awaitable<void> serve(asio::ip::tcp::socket socket, const std::string& hello) {
    std::string received;
    std::string out;
    for (;;) {
        const auto [failed, length] =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(received), "\r\n\r\n",
                                            asio::experimental::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        std::string_view requests = received;
        out.clear();
        const bool keep_alive = http::answer(requests, hello, out);
        received.erase(0, received.size() - requests.size());
        const auto [broken, sent] = co_await asio::async_write(
            socket, asio::buffer(out), asio::experimental::as_tuple(asio::use_awaitable));
        if (broken || !keep_alive) co_return;
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT ANSWER_BYTES\n", argv[0]), 2;
    const std::string hello = http::hello(static_cast<std::size_t>(std::atoi(argv[2])));
    asio::io_context io(1);
    Acceptor acceptor(io, static_cast<asio::ip::port_type>(std::atoi(argv[1])),
                      [&](asio::ip::tcp::socket socket) {
                          asio::co_spawn(io, serve(std::move(socket), hello), asio::detached);
                      });
    io.run();
}
