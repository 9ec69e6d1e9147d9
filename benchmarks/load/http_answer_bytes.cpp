// Prints the length of the whole answer, including the head, of a server on loopback. The peers
// answer with the same number of bytes.
//
//     http_answer_bytes PORT /target

#include "client.hpp"

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT /target\n", argv[0]), 2;
    const int fd = load::connect_to(static_cast<std::uint16_t>(std::atoi(argv[1])));
    std::printf("%zu\n", load::http_exchange(fd, load::http_request(argv[2])).size());
}
