// `asio_datagram_echo PORT`: like Asio's own UDP echo example.

#include <asio.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

using asio::ip::udp;

class Echo {
public:
    Echo(asio::io_context& io, asio::ip::port_type port)
        : socket_(io, {asio::ip::address_v4::loopback(), port}) {
        receive();
    }

private:
    void receive() {
        socket_.async_receive_from(asio::buffer(buffer_), sender_,
                                   [this](asio::error_code error, std::size_t received) {
                                       if (!error)
                                           send(received);
                                       else
                                           receive();
                                   });
    }
    void send(std::size_t length) {
        socket_.async_send_to(asio::buffer(buffer_.data(), length), sender_,
                              [this](asio::error_code, std::size_t) { receive(); });
    }

    udp::socket socket_;
    udp::endpoint sender_;
    std::array<char, 65536> buffer_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    asio::io_context io(1);
    static Echo echo(io, static_cast<asio::ip::port_type>(std::atoi(argv[1])));
    io.run();
}
