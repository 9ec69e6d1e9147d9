// examples/echo_server.cpp over TLS: `tls_echo PORT CERTIFICATE`. The same file contains the key.

#include <cstdlib>
#include <hocket/hocket.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

hocket::Coro<> echo(hocket::StreamReader reader, hocket::StreamWriter writer) {
    // Grows for clients that send much; an idle connection keeps a small buffer.
    std::vector<char> buffer(256);
    try {
        while (const std::size_t size = co_await reader.read_into(buffer)) {
            writer.write(std::string_view(buffer.data(), size));
            co_await writer.drain();
            if (size == buffer.size() && size < 64 * 1024) buffer.resize(size * 4);
        }
    } catch (const std::system_error&) {
        // The client has closed the connection.
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
