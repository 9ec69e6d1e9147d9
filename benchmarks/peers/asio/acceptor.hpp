#pragma once

#include <asio.hpp>

/// Accepts connections forever and passes each socket, with TCP_NODELAY set, to `serve`.
template <class Serve> class Acceptor {
public:
    Acceptor(asio::io_context& io, asio::ip::port_type port, Serve serve)
        : acceptor_(io, {asio::ip::address_v4::loopback(), port}), serve_(serve) {
        acceptor_.listen(asio::socket_base::max_listen_connections);
        accept();
    }

private:
    void accept() {
        acceptor_.async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
            if (!error) {
                socket.set_option(asio::ip::tcp::no_delay(true));
                serve_(std::move(socket));
            }
            accept();
        });
    }

    asio::ip::tcp::acceptor acceptor_;
    Serve serve_;
};
