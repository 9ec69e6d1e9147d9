#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include <hocket/engine/socket.hpp>
#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {
namespace {

TEST(SocketAddress, ReadsIpv4Digits) {
    const auto address = SocketAddress::from_ip("127.0.0.1", 8080);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->family(), AF_INET);
    EXPECT_EQ(address->host(), "127.0.0.1");
    EXPECT_EQ(address->port(), 8080);
    EXPECT_EQ(address->text(), "127.0.0.1 port 8080");
}

TEST(SocketAddress, ReadsIpv6DigitsWithAScope) {
    const auto plain = SocketAddress::from_ip("2001:db8::1", 443);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->family(), AF_INET6);
    EXPECT_EQ(plain->text(), "2001:db8::1 port 443");
    const auto scoped = SocketAddress::from_ip("fe80::1%lo", 1);
    ASSERT_TRUE(scoped);
    EXPECT_EQ(scoped->host(), "fe80::1%lo");
    EXPECT_NE(scoped->scope_id(), 0U);
    const auto numbered = SocketAddress::from_ip("fe80::1%4711", 1);
    ASSERT_TRUE(numbered);
    EXPECT_EQ(numbered->scope_id(), 4711U);
    EXPECT_EQ(numbered->host(), "fe80::1%4711");
}

TEST(SocketAddress, RefusesTextThatIsNotANumericAddress) {
    for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "127.0.0.1%lo",
                             "::1::", "fe80::1%", "fe80::1%nosuchinterface", "127.0.0.1 "}) {
        EXPECT_FALSE(SocketAddress::from_ip(text, 1)) << text;
    }
}

TEST(SocketAddress, TakesUnixPathsAndAbstractNames) {
    const auto path = SocketAddress::from_unix_path("/run/x.sock");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->family(), AF_UNIX);
    EXPECT_EQ(path->host(), "/run/x.sock");
    EXPECT_EQ(path->text(), "/run/x.sock");
    EXPECT_EQ(path->port(), 0);
    const auto name = SocketAddress::from_unix_path(std::string("\0name", 5));
    ASSERT_TRUE(name);
    EXPECT_EQ(name->host(), std::string("\0name", 5));
    EXPECT_EQ(name->text(), "@name");
}

TEST(SocketAddress, TakesTheLongestPathAndNoLongerOne) {
    const auto longest = SocketAddress::from_unix_path(std::string(107, 'p'));
    ASSERT_TRUE(longest);
    EXPECT_EQ(longest->host(), std::string(107, 'p'));
    EXPECT_FALSE(SocketAddress::from_unix_path(std::string(108, 'p')));
    const std::string name = std::string(1, '\0') + std::string(107, 'n');
    const auto longest_name = SocketAddress::from_unix_path(name);
    ASSERT_TRUE(longest_name);
    EXPECT_EQ(longest_name->host(), name);
    EXPECT_FALSE(SocketAddress::from_unix_path(name + 'n'));
}

TEST(SocketAddress, KnowsBothEndsOfASocket) {
    std::error_code error;
    Socket socket = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    ASSERT_FALSE(error);
    ASSERT_FALSE(socket.bind(*SocketAddress::from_ip("127.0.0.1", 0)));
    EXPECT_EQ(socket.local_address().host(), "127.0.0.1");
    EXPECT_NE(socket.local_address().port(), 0);
    EXPECT_FALSE(socket.peer_address().is_known());
    EXPECT_EQ(socket.peer_address().family(), AF_UNSPEC);
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const Socket one(pair[0]);
    const Socket other(pair[1]);
    EXPECT_EQ(one.peer_address().text(), "an unnamed socket");
}

TEST(SocketAddress, EqualAddressesCompareEqual) {
    EXPECT_EQ(SocketAddress::from_ip("::1", 1), SocketAddress::from_ip("0:0::1", 1));
    EXPECT_FALSE(SocketAddress::from_ip("::1", 1) == SocketAddress::from_ip("::1", 2));
    EXPECT_EQ(SocketAddress(), SocketAddress());
}

} // namespace
} // namespace hocket::engine
