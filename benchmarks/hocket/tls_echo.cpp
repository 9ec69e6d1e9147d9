// The streams of asyncio's echo example over TLS: `tls_echo PORT CERTIFICATE`, the key in the same
// file.

#include <cstdlib>
#include <hocket/hocket.hpp>
#include <string>
#include <system_error>

namespace {

hocket::Coro<> echo(hocket::StreamReader reader, hocket::StreamWriter writer) {
    try {
        while (true) {
            // Gone before the next one is waited for: an idle connection holds no buffer.
            const std::string data = co_await reader.read(65536);
            if (data.empty()) break;
            writer.write(data);
            co_await writer.drain();
        }
    } catch (const std::system_error&) {
        // The client is gone.
    }
    writer.close();
}

hocket::Coro<> serve(int port, std::string certificate) {
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(certificate);
    auto server =
        co_await hocket::start_server(echo, "127.0.0.1", port, {.backlog = 4096, .ssl = context});
    co_await server.serve_forever();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT CERTIFICATE\n", argv[0]), 2;
    hocket::run(serve(std::atoi(argv[1]), argv[2]));
}
