#include <chrono>
#include <string>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

using namespace std::chrono_literals;

Coro<> one_turn() { co_await sleep(0s); }

std::pair<Socket, Socket> socket_pair() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    return {Socket(fds[0]), Socket(fds[1])};
}

Socket listening_socket() {
    std::error_code error;
    Socket socket = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    EXPECT_FALSE(error);
    EXPECT_FALSE(socket.bind(*SocketAddress::from_ip("127.0.0.1", 0)));
    EXPECT_FALSE(socket.listen(8));
    return socket;
}

TEST(Sockets, TheFormerNamesOfFilenoStillCompile) {
    const Socket socket = listening_socket();
    EXPECT_GE(socket.fileno(), 0);
    EXPECT_EQ(socket.fd(), socket.fileno());
    const FileDescriptor file = FileDescriptor::duplicate(socket.fileno());
    EXPECT_GE(file.fileno(), 0);
    EXPECT_EQ(file.get(), file.fileno());
}

TEST(Sockets, ConnectAcceptSendAndReceive) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        Socket listening = listening_socket();
        std::error_code error;
        Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
        const SocketAddress address = listening.local_address();
        Task<std::pair<Socket, SocketAddress>> accepting = create_task(loop.sock_accept(listening));
        co_await one_turn();
        co_await loop.sock_connect(client, address);
        auto [served, peer] = co_await accepting;
        EXPECT_EQ(peer, client.local_address());
        co_await loop.sock_sendall(client, "hello");
        EXPECT_EQ(co_await loop.sock_recv(served, 100), "hello");
        client.close();
        EXPECT_EQ(co_await loop.sock_recv(served, 100), "");
    });
}

TEST(Sockets, ARefusedConnectNamesTheAddress) {
    run([]() -> Coro<> {
        SocketAddress address;
        {
            Socket listening = listening_socket();
            address = listening.local_address();
        }
        std::error_code error;
        Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
        try {
            co_await get_running_loop().sock_connect(client, address);
            ADD_FAILURE();
        } catch (const std::system_error& refused) {
            EXPECT_EQ(refused.what(), "connect to " + address.text() + ": Connection refused");
        }
    });
}

TEST(Sockets, SendallWaitsForASlowReader) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        const std::string data(3'000'000, 'x');
        Task<> sending = create_task(loop.sock_sendall(one, data));
        std::size_t received = 0;
        while (received < data.size()) {
            const std::string piece = co_await loop.sock_recv(other, 100'000);
            received += piece.size();
        }
        co_await sending;
        EXPECT_EQ(received, data.size());
    });
}

TEST(Sockets, OneTaskReadsWhileAnotherWrites) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        const std::string data(2'000'000, 'x');
        Task<> writing = create_task(loop.sock_sendall(one, data));
        Task<std::string> reading = create_task(loop.sock_recv(one, 10));
        co_await one_turn();
        co_await loop.sock_sendall(other, "ping");
        EXPECT_EQ(co_await reading, "ping");
        EXPECT_FALSE(writing.done());
        std::size_t received = 0;
        while (received < data.size()) {
            const std::string piece = co_await loop.sock_recv(other, 100'000);
            received += piece.size();
        }
        co_await writing;
    });
}

TEST(Sockets, ASecondReaderOfOneSocketIsARuntimeError) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        Task<std::string> reading = create_task(loop.sock_recv(one, 10));
        co_await one_turn();
        EXPECT_THROW(co_await loop.sock_recv(one, 10), RuntimeError);
        co_await loop.sock_sendall(other, "x");
        EXPECT_EQ(co_await reading, "x");
    });
}

TEST(Sockets, ACancelledReceiveLosesNoByteInEitherOrder) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        for (const bool data_first : {true, false}) {
            Task<std::string> reading = create_task(loop.sock_recv(one, 10));
            co_await one_turn();
            if (data_first) {
                co_await loop.sock_sendall(other, "data");
                reading.cancel();
            } else {
                reading.cancel();
                co_await loop.sock_sendall(other, "data");
            }
            EXPECT_THROW(co_await reading, CancelledError);
            EXPECT_EQ(co_await loop.sock_recv(one, 10), "data");
        }
    });
}

TEST(Sockets, ACancelledAcceptLeavesTheConnectionToTheNextOne) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        Socket listening = listening_socket();
        Task<std::pair<Socket, SocketAddress>> accepting = create_task(loop.sock_accept(listening));
        co_await one_turn();
        std::error_code error;
        Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
        const SocketAddress address = listening.local_address();
        static_cast<void>(client.connect(address));
        accepting.cancel();
        EXPECT_THROW(co_await accepting, CancelledError);
        auto [served, peer] = co_await loop.sock_accept(listening);
        EXPECT_EQ(peer, client.local_address());
    });
}

TEST(Sockets, AddReaderCallsUntilItIsRemoved) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        int calls = 0;
        loop.add_reader(one.fileno(), [&] {
            if (++calls == 3) { // the byte is never read, so it is ready in every turn
                EXPECT_TRUE(loop.remove_reader(one.fileno()));
            }
        });
        co_await loop.sock_sendall(other, "x");
        co_await sleep(10ms);
        EXPECT_EQ(calls, 3);
        EXPECT_FALSE(loop.remove_reader(one.fileno()));
        EXPECT_FALSE(loop.remove_writer(one.fileno()));
    });
}

TEST(Sockets, AddReaderReplacesTheOneBeforeEvenFromWithinIt) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        std::vector<std::string> calls;
        loop.add_reader(one.fileno(), [&] {
            calls.emplace_back("first");
            loop.add_reader(one.fileno(), [&] {
                calls.emplace_back("second");
                loop.remove_reader(one.fileno());
            });
        });
        co_await loop.sock_sendall(other, "x");
        co_await sleep(10ms);
        EXPECT_EQ(calls, (std::vector<std::string>{"first", "second"}));
    });
}

TEST(Sockets, ReaderAndWriterOfOneDescriptorAreIndependent) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [one, other] = socket_pair();
        int reads = 0;
        int writes = 0;
        loop.add_reader(one.fileno(), [&] { ++reads; });
        loop.add_writer(one.fileno(), [&] {
            ++writes;
            loop.remove_writer(one.fileno());
        });
        co_await sleep(5ms);
        EXPECT_EQ(writes, 1);
        EXPECT_EQ(reads, 0);
        co_await loop.sock_sendall(other, "x");
        co_await sleep(5ms);
        EXPECT_GT(reads, 0);
        EXPECT_TRUE(loop.remove_reader(one.fileno()));
    });
}

TEST(Sockets, WhatACallbackThrowsIsReported) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        int reports = 0;
        loop.set_exception_handler([&](EventLoop&, const ExceptionContext&) { ++reports; });
        auto [one, other] = socket_pair();
        loop.add_writer(one.fileno(), [&] {
            loop.remove_writer(one.fileno());
            throw std::runtime_error("no");
        });
        co_await sleep(5ms);
        EXPECT_EQ(reports, 1);
        loop.set_exception_handler({});
    });
}

TEST(Sockets, ATransportsDescriptorMayNotBeWatched) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        Server server = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0);
        Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        EXPECT_THROW(loop.add_reader(client.writer.socket().fileno(), [] {}), RuntimeError);
        EXPECT_THROW(co_await loop.sock_recv(client.writer.socket(), 1), RuntimeError);
        EXPECT_THROW(loop.add_reader(-1, [] {}), std::system_error);
        server.close();
    });
}

TEST(Getaddrinfo, ResolvesHostAndService) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const AddressInfoHints hints{AF_INET, SOCK_STREAM, 0, 0};
        const std::vector<AddressInfo> infos = co_await loop.getaddrinfo("localhost", "80", hints);
        // As in Python, there are two if /etc/hosts calls ::1 localhost, too.
        EXPECT_FALSE(infos.empty());
        for (const AddressInfo& info : infos) {
            EXPECT_EQ(info.address.text(), "127.0.0.1 port 80");
            EXPECT_EQ(info.type, SOCK_STREAM);
        }
    });
}

TEST(Getaddrinfo, AFailureNamesTheHost) {
    run([]() -> Coro<> {
        AddressInfoHints hints;
        hints.flags = AI_NUMERICHOST;
        try {
            co_await get_running_loop().getaddrinfo("no-digits", "80", hints);
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_STREQ(error.what(),
                         "getaddrinfo for no-digits port 80: Name or service not known");
        }
    });
}

TEST(Getaddrinfo, CanBeCancelledInAnyTurn) {
    run([]() -> Coro<> {
        for (int turns = 1; turns < 6; ++turns) {
            Task<std::vector<AddressInfo>> task =
                create_task(get_running_loop().getaddrinfo("localhost", "80"));
            for (int i = 0; i < turns; ++i) {
                co_await one_turn();
            }
            if (task.cancel()) {
                EXPECT_THROW(co_await task, CancelledError);
            }
        }
    });
}

} // namespace
} // namespace hocket
