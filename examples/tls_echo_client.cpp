// Says something to tls_echo_server over TLS, and prints what comes back. Which certificates to
// trust is an argument: without it, those of the system.
//
//     $ tls_echo_client localhost 8443 hello cert.pem
//     TLSv1.3, CN=localhost
//     hello
//     $ tls_echo_client localhost 8443 hello
//     the certificate of localhost (127.0.0.1 port 8443) is signed by itself and is not among the
//     trusted ones (it is CN=localhost, issued by CN=localhost): self-signed certificate

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <string>
#include <system_error>

using hocket::Coro;

Coro<> talk(std::string host, int port, std::string words, std::string authorities) {
    auto context =
        hocket::create_default_context(hocket::Purpose::SERVER_AUTH, {.cafile = authorities});
    auto [reader, writer] = co_await hocket::open_connection(host, port, {.ssl = context});
    const auto certificate = writer.ssl_object().getpeercert();
    std::printf("%s, %s\n", writer.ssl_object().version().c_str(), certificate->subject.c_str());
    writer.write(words + "\n");
    const std::string echo = co_await reader.readline();
    std::printf("%s", echo.c_str());
    writer.close();
    co_await writer.wait_closed();
}

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: %s HOST PORT WORDS [AUTHORITIES]\n", argv[0]);
        return 2;
    }
    try {
        hocket::run(talk(argv[1], std::atoi(argv[2]), argv[3], argc > 4 ? argv[4] : ""));
    } catch (const std::system_error& error) {
        std::puts(error.what());
        return 1;
    }
}
