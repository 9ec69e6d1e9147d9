// `hocket_tls_echo PORT PEM protocol|streams`: sends back what its clients send over TLS. PEM holds
// a certificate and its key.

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using hocket::Coro;

namespace {

struct Echo : hocket::Protocol {
    void connection_made(hocket::Transport& made) override { transport = &made; }
    void data_received(std::string_view data) override { transport->write(data); }
    hocket::Transport* transport = nullptr;
};

Coro<> echo(hocket::StreamReader reader, hocket::StreamWriter writer) {
    std::vector<char> buffer(16 * 1024);
    while (const std::size_t size = co_await reader.read_into(buffer)) {
        writer.write(std::string_view(buffer.data(), size));
        co_await writer.drain();
    }
    writer.close();
}

Coro<> serve(int port, std::string pem, bool with_streams) {
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(pem);
    hocket::ServerOptions options;
    options.ssl = context;
    options.backlog = 1000;
    const auto make_echo = [] { return std::make_unique<Echo>(); };
    hocket::Server server;
    if (with_streams) {
        server = co_await hocket::start_server(echo, "127.0.0.1", port, options);
    } else {
        server = co_await hocket::get_running_loop().create_server(make_echo, "127.0.0.1", port,
                                                                   options);
    }
    co_await server.serve_forever();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) return std::fprintf(stderr, "usage: %s PORT PEM protocol|streams\n", argv[0]), 2;
    hocket::run(serve(std::atoi(argv[1]), argv[2], std::string_view(argv[3]) == "streams"));
}
