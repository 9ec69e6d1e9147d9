#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/listen_fds.hpp>
#include <hocket/run.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

void announce(const char* pid, const char* count, const char* names = nullptr) {
    ::setenv("LISTEN_PID", pid, 1);
    ::setenv("LISTEN_FDS", count, 1);
    if (names != nullptr) {
        ::setenv("LISTEN_FDNAMES", names, 1);
    }
}

void announce_to_self(const char* count, const char* names = nullptr) {
    announce(std::to_string(::getpid()).c_str(), count, names);
}

bool nothing_is_announced() {
    return std::getenv("LISTEN_PID") == nullptr && std::getenv("LISTEN_FDS") == nullptr &&
           std::getenv("LISTEN_FDNAMES") == nullptr;
}

/// A listening socket on the loopback interface that is blocking and inheritable, like systemd's.
/// Its number does not collide with the announced descriptors.
int listening_socket(SocketAddress& address) {
    const int low = ::socket(AF_INET, SOCK_STREAM, 0);
    const int fd = ::fcntl(low, F_DUPFD, 10);
    ::close(low);
    const SocketAddress any = *SocketAddress::from_ip("127.0.0.1", 0);
    EXPECT_EQ(::bind(fd, any.native(), any.native_size()), 0);
    EXPECT_EQ(::listen(fd, 10), 0);
    address = SocketAddress::local_of(fd);
    return fd;
}

/// The activated program. The test below runs it in another process.
TEST(SocketActivation, DISABLED_Child) {
    std::vector<ActivatedSocket> activated = listen_fds();
    ASSERT_EQ(activated.size(), 2U);
    EXPECT_EQ(activated[0].name, "web");
    EXPECT_EQ(activated[1].name, "admin");
    EXPECT_EQ(activated[0].socket.fileno(), 3);
    EXPECT_EQ(activated[1].socket.fileno(), 4);
    for (const ActivatedSocket& each : activated) {
        EXPECT_EQ(::fcntl(each.socket.fileno(), F_GETFD), FD_CLOEXEC);
        EXPECT_NE(::fcntl(each.socket.fileno(), F_GETFL) & O_NONBLOCK, 0);
    }
    EXPECT_TRUE(nothing_is_announced());
    EXPECT_TRUE(listen_fds().empty());
    std::vector<Socket> sockets;
    for (ActivatedSocket& each : activated) {
        sockets.push_back(std::move(each.socket));
    }
    run([&]() -> Coro<> {
        int clients = 0;
        Server server;
        const auto greet = [&](StreamReader, StreamWriter writer) {
            writer.write("hello from the child");
            writer.close();
            if (++clients == 2) {
                server.close();
            }
        };
        server = co_await start_server(greet, std::move(sockets));
        EXPECT_EQ(server.sockets().size(), 2U);
        co_await server.wait_closed();
    });
}

TEST(SocketActivation, AChildServesOnTheSocketsThatItIsHanded) {
    SocketAddress web;
    SocketAddress admin;
    const int first = listening_socket(web);
    const int second = listening_socket(admin);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(first, 3);
        ::dup2(second, 4);
        announce_to_self("2", "web:admin"); // exec keeps the pid
        ::execl("/proc/self/exe", "child", "--gtest_filter=SocketActivation.DISABLED_Child",
                "--gtest_also_run_disabled_tests", nullptr);
        ::_exit(127);
    }
    run([&]() -> Coro<> {
        for (const SocketAddress& address : {web, admin}) {
            Connection client = co_await open_connection("127.0.0.1", address.port());
            EXPECT_EQ(co_await client.reader.read(), "hello from the child");
        }
    });
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    for (const int fd : {first, second}) {
        ::close(fd);
    }
}

TEST(SocketActivation, WithoutBothVariablesThereAreNoSockets) {
    EXPECT_TRUE(listen_fds().empty());
    ::setenv("LISTEN_FDS", "1", 1);
    EXPECT_TRUE(listen_fds().empty());
    EXPECT_TRUE(nothing_is_announced());
}

TEST(SocketActivation, AnAnnouncementForAnotherProcessIsNotOurs) {
    announce("1", "1", "web");
    EXPECT_TRUE(listen_fds().empty());
    EXPECT_TRUE(nothing_is_announced());
}

TEST(SocketActivation, WhatMakesNoSenseIsAValueError) {
    for (const char* const count : {"", "x", "-1", "1x", "99999999999"}) {
        announce_to_self(count);
        EXPECT_THROW(static_cast<void>(listen_fds()), ValueError) << count;
        EXPECT_TRUE(nothing_is_announced());
    }
    announce("me", "1");
    EXPECT_THROW(static_cast<void>(listen_fds()), ValueError);
    EXPECT_TRUE(nothing_is_announced());
}

TEST(SocketActivation, TheErrorForADescriptorThatIsNotASocketNamesIt) {
    // Descriptor 3 is restored afterwards, because it may be in use.
    const int kept = ::fcntl(3, F_DUPFD_CLOEXEC, 10);
    const int null = ::open("/dev/null", O_RDONLY);
    if (null != 3) {
        ::dup2(null, 3);
    }
    announce_to_self("1", "web");
    try {
        static_cast<void>(listen_fds());
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::not_a_socket);
        EXPECT_NE(std::string(error.what()).find("descriptor 3 (web)"), std::string::npos)
            << error.what();
    }
    EXPECT_TRUE(nothing_is_announced());
    if (kept >= 0) {
        ::dup2(kept, 3);
        ::close(kept);
    } else {
        ::close(3);
    }
    if (null != 3) {
        ::close(null);
    }
}

TEST(SocketActivation, MissingNamesAreUnknown) {
    SocketAddress address;
    const int kept = ::fcntl(3, F_DUPFD_CLOEXEC, 10);
    const int made = listening_socket(address);
    ::dup2(made, 3);
    ::close(made);
    announce_to_self("1");
    {
        const std::vector<ActivatedSocket> activated = listen_fds();
        EXPECT_EQ(activated.size(), 1U);
        EXPECT_EQ(activated.at(0).name, "unknown");
    }
    EXPECT_EQ(::fcntl(3, F_GETFD), -1); // closed with its Socket
    if (kept >= 0) {
        ::dup2(kept, 3);
        ::close(kept);
    }
}

TEST(Server, ServesOnASocketThatItIsHanded) {
    run([]() -> Coro<> {
        SocketAddress address;
        Socket socket(listening_socket(address)); // blocking
        const auto greet = [](StreamReader, StreamWriter writer) { writer.write("hello"); };
        Server server = co_await start_server(greet, std::move(socket));
        EXPECT_EQ(server.sockets()[0].sockname(), address);
        Connection client = co_await open_connection("127.0.0.1", address.port());
        EXPECT_EQ(co_await client.reader.read(), "hello");
        server.close();
    });
}

TEST(Server, RefusesSocketsThatItCannotServeOn) {
    run([]() -> Coro<> {
        const auto nothing = [](StreamReader, StreamWriter) {};
        std::error_code error;
        Socket datagrams = Socket::create(AF_INET, SOCK_DGRAM, 0, error);
        EXPECT_THROW(co_await start_server(nothing, std::move(datagrams)), ValueError);
        EXPECT_THROW(co_await start_server(nothing, Socket()), std::system_error);
        EXPECT_THROW(co_await start_server(nothing, std::vector<Socket>()), ValueError);
    });
}

TEST(Server, TwoServersShareAPortWithReusePortOnly) {
    run([]() -> Coro<> {
        int clients = 0;
        const auto count = [&](StreamReader, StreamWriter) { ++clients; };
        ServerOptions options;
        options.reuse_port = true;
        Server first = co_await start_server(count, "127.0.0.1", 0, options);
        const int port = first.sockets()[0].port();
        Server second = co_await start_server(count, "127.0.0.1", port, options);
        EXPECT_THROW(co_await start_server(count, "127.0.0.1", port), std::system_error);
        for (int i = 0; i < 8; ++i) {
            Connection client = co_await open_connection("127.0.0.1", port);
            EXPECT_EQ(co_await client.reader.read(), "");
        }
        EXPECT_EQ(clients, 8);
        first.close();
        second.close();
    });
}

} // namespace
} // namespace hocket
