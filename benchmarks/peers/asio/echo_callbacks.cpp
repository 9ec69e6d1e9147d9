// `asio_echo_callbacks PORT`: like Asio's own echo example, with a buffer large enough for a whole
// message.

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "acceptor.hpp"

namespace {

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

    void read() {
        socket_.async_read_some(
            asio::buffer(buffer_.get(), buffer_bytes),
            [self = shared_from_this()](asio::error_code error, std::size_t received) {
                if (!error) self->write(received);
            });
    }

private:
    void write(std::size_t length) {
        asio::async_write(socket_, asio::buffer(buffer_.get(), length),
                          [self = shared_from_this()](asio::error_code error, std::size_t) {
                              if (!error) self->read();
                          });
    }

    asio::ip::tcp::socket socket_;
    // Not initialised: a page that is never written to uses no memory.
    static constexpr std::size_t buffer_bytes = 16384;
    std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes);
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    asio::io_context io(1);
    Acceptor acceptor(
        io, static_cast<asio::ip::port_type>(std::atoi(argv[1])),
        [](asio::ip::tcp::socket socket) { std::make_shared<Session>(std::move(socket))->read(); });
    io.run();
}
