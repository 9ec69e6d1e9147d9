// The minimum for the datagram rows: `epoll_datagram_echo PORT` receives up to 64 datagrams at once
// and sends them back from the same buffers.

#include <array>

#include "sockets.hpp"

namespace {

constexpr unsigned batch = 64;
constexpr std::size_t largest = 2048;

struct Batch {
    Batch() {
        for (unsigned i = 0; i < batch; ++i) {
            pieces[i] = {bytes[i].data(), largest};
            msghdr& header = messages[i].msg_hdr;
            header.msg_name = &senders[i];
            header.msg_namelen = sizeof(sockaddr_in);
            header.msg_iov = &pieces[i];
            header.msg_iovlen = 1;
        }
    }

    std::array<std::array<char, largest>, batch> bytes;
    std::array<iovec, batch> pieces;
    std::array<sockaddr_in, batch> senders;
    std::array<mmsghdr, batch> messages{};
};

void echo(int fd, Batch& all) {
    const int received = ::recvmmsg(fd, all.messages.data(), batch, 0, nullptr);
    if (received < 0 && errno != EAGAIN) epoll::fail("recvmmsg");
    const auto count = received < 0 ? 0U : static_cast<unsigned>(received);
    for (unsigned i = 0; i < count; ++i) all.pieces[i].iov_len = all.messages[i].msg_len;
    for (unsigned sent = 0; sent < count;) {
        const int now = ::sendmmsg(fd, all.messages.data() + sent, count - sent, 0);
        if (now < 0) epoll::fail("sendmmsg");
        sent += static_cast<unsigned>(now);
    }
    for (unsigned i = 0; i < count; ++i) all.pieces[i].iov_len = largest;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) epoll::fail("bind");
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{EPOLLIN, {.fd = fd}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) epoll::fail("epoll_ctl");
    static Batch all;
    for (;;) {
        if (::epoll_wait(poll, &event, 1, -1) < 0) epoll::fail("epoll_wait");
        echo(fd, all);
    }
}
