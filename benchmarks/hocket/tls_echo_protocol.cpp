// examples/echo_protocol.cpp over TLS: `tls_echo_protocol PORT CERTIFICATE`. The same file contains
// the key.

#include <cstdlib>
#include <hocket/hocket.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace {

class Echo : public hocket::Protocol {
public:
    void connection_made(hocket::Transport& transport) override { transport_ = &transport; }
    void data_received(std::string_view data) override { transport_->write(data); }

private:
    hocket::Transport* transport_ = nullptr;
};

hocket::Coro<> serve(int port, std::string certificate) {
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(certificate);
    auto& loop = hocket::get_running_loop();
    const auto make = [] { return std::make_unique<Echo>(); };
    auto server =
        co_await loop.create_server(make, "127.0.0.1", port, {.backlog = 4096, .ssl = context});
    co_await server.serve_forever();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT CERTIFICATE\n", argv[0]), 2;
    hocket::run(serve(std::atoi(argv[1]), argv[2]));
}
