// Whatever another process sends to the observer, it answers with whole frames or closes the
// connection, and the answer does not depend on how the bytes are cut into pieces.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "observe/connection.hpp"
#include "observe/request.hpp"

namespace {

using hocket::engine::FileDescriptor;
using hocket::observer::Connection;

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> bytes;
    for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;) {
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
}

/// Sends `input` in pieces of at most `piece` bytes and returns everything that comes back.
std::string converse(std::string_view input, std::size_t piece, Connection::Speaks language) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        std::abort();
    }
    const FileDescriptor peer(ends[0]);
    Connection connection(FileDescriptor(ends[1]), language);
    std::string answers;
    while (!input.empty()) {
        const std::string_view next = input.substr(0, piece);
        if (::write(peer.fileno(), next.data(), next.size()) != static_cast<ssize_t>(next.size())) {
            std::abort();
        }
        input.remove_prefix(next.size());
        const bool goes_on = connection.advance();
        answers += read_all(peer.fileno());
        if (!goes_on) {
            break;
        }
    }
    return answers;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > hocket::observer::longest_request) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto request = hocket::observer::parse_request(input)) {
        if (request->empty()) {
            std::puts("a request without words was accepted");
            std::abort();
        }
    }
    for (const auto language : {Connection::Speaks::frames, Connection::Speaks::http}) {
        // The metrics in the answer may change between the two.
        if (converse(input, size + 1, language).empty() != converse(input, 1, language).empty()) {
            std::puts("the pieces made a difference");
            std::abort();
        }
    }
    return 0;
}
