// `load_tls_ping_pong PORT CONNECTIONS BYTES ROUNDS`: in each round every connection sends a
// message of BYTES over TLS, and then every one reads it back. Prints a line of JSON: messages and
// seconds.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

SSL* connect_to(SSL_CTX* ctx, std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SSL* const ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        SSL_connect(ssl) != 1) {
        std::fprintf(stderr, "cannot connect to port %d\n", port);
        std::exit(1);
    }
    return ssl;
}

void require(bool good) {
    if (!good) {
        std::fprintf(stderr, "the connection broke\n");
        std::exit(1);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5)
        return std::fprintf(stderr, "usage: %s PORT CONNECTIONS BYTES ROUNDS\n", argv[0]), 2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const int connections = std::atoi(argv[2]);
    std::vector<char> message(static_cast<std::size_t>(std::atoi(argv[3])), 'm');
    const int rounds = std::atoi(argv[4]);
    SSL_CTX* const ctx = SSL_CTX_new(TLS_client_method());
    std::vector<SSL*> all;
    for (int i = 0; i < connections; ++i) all.push_back(connect_to(ctx, port));
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) {
        for (SSL* ssl : all)
            require(SSL_write(ssl, message.data(), static_cast<int>(message.size())) > 0);
        for (SSL* ssl : all) {
            for (std::size_t read = 0; read < message.size();) {
                const int size = SSL_read(ssl, message.data(), static_cast<int>(message.size()));
                require(size > 0);
                read += static_cast<std::size_t>(size);
            }
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("{\"messages\": %d, \"seconds\": %.3f}\n", connections * rounds, took.count());
}
