// Sends back whatever a client sends, over TLS. tls_echo_client.cpp is its other end; so is openssl
// s_client.
//
//     $ name='-subj /CN=localhost -addext subjectAltName=DNS:localhost'
//     $ openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 $name
//     $ tls_echo_server cert.pem key.pem 8443
//     serving on localhost:8443

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <string>
#include <system_error>

using hocket::Coro;

Coro<> echo(hocket::StreamReader reader, hocket::StreamWriter writer) {
    std::printf("a client speaks %s\n", writer.ssl_object().version().c_str());
    std::fflush(stdout);
    try {
        std::string line = co_await reader.readline();
        while (!line.empty()) {
            writer.write(line);
            co_await writer.drain();
            line = co_await reader.readline();
        }
    } catch (const std::system_error& error) {
        std::fprintf(stderr, "%s\n",
                     error.what()); // an SSLEOFError, say: the client left without a goodbye
    }
    writer.close();
}

Coro<> serve(std::string certificate, std::string key, int port) {
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(certificate, key);
    auto server = co_await hocket::start_server(echo, "127.0.0.1", port, {.ssl = context});
    std::printf("serving on localhost:%d\n", server.sockets().front().port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: %s CERTIFICATE KEY [PORT]\n", argv[0]);
        return 2;
    }
    try {
        hocket::run(serve(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 8443));
    } catch (const hocket::KeyboardInterrupt&) {
        std::puts("bye");
    } catch (const std::system_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
