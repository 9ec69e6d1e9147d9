#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "crawl/running_program.hpp"
#include "support/datagram_sockets.hpp"
#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;
using namespace hocket::engine::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const HostPort any_port{"127.0.0.1", 0};

HostPort at(const SocketAddress& address) { return {address.host(), address.port()}; }

/// The message of the exception that `awaitable` throws; "(nothing)" if it does not throw.
template <class T> Coro<std::string> error_of(Coro<T> awaitable) {
    try {
        static_cast<void>(co_await std::move(awaitable));
    } catch (const std::exception& error) {
        co_return error.what();
    }
    co_return "(nothing)";
}

/// Records every call.
struct Recorder : DatagramProtocol {
    std::vector<std::string> calls;
    DatagramTransport* transport = nullptr;
    SocketAddress from;
    std::exception_ptr error;
    bool echo = false;
    Event called;

    void note(std::string call) {
        calls.push_back(std::move(call));
        called.set();
    }
    void connection_made(DatagramTransport& made) override {
        transport = &made;
        note("made");
    }
    void datagram_received(std::string_view data, const SocketAddress& addr) override {
        from = addr;
        if (echo) {
            transport->sendto(data, addr);
        }
        note("data " + std::string(data));
    }
    void error_received(const std::system_error& refused) override {
        note("error " + std::string(refused.what()));
    }
    void connection_lost(std::exception_ptr why) override {
        error = why;
        note("lost");
    }
    void pause_writing() override { note("pause"); }
    void resume_writing() override { note("resume"); }

    Coro<> until_called(std::size_t times) {
        while (calls.size() < times) {
            called.clear();
            co_await called.wait();
        }
    }
};

auto recorder() { return std::make_shared<Recorder>(); }

TEST(DatagramProtocol, EchoesADatagramToItsSender) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [server, echo] =
            co_await loop.create_datagram_endpoint(recorder, {.local_addr = any_port});
        echo->echo = true;
        auto [client, answers] = co_await loop.create_datagram_endpoint(
            recorder, {.remote_addr = at(server->sockname())});
        EXPECT_EQ(client->peername(), server->sockname());
        EXPECT_FALSE(server->peername().is_known());
        client->sendto("hello");
        client->sendto("");
        client->sendto("to the same", server->sockname());
        co_await answers->until_called(4);
        EXPECT_THAT(answers->calls, ElementsAre("made", "data hello", "data ", "data to the same"));
        EXPECT_EQ(answers->from, server->sockname());
        EXPECT_EQ(echo->from, client->sockname());
        client->close();
        client->close();
        EXPECT_TRUE(client->is_closing());
        co_await answers->until_called(5);
        EXPECT_EQ(answers->calls.back(), "lost");
        EXPECT_FALSE(answers->error);
        EXPECT_FALSE(client->sockname().is_known());
        EXPECT_FALSE(client->socket().is_open());
        server->abort();
        co_await turns(2);
        EXPECT_EQ(echo->calls.back(), "lost");
        EXPECT_EQ(answers->calls.size(), 5u);
    });
}

TEST(DatagramProtocol, ReceivesARefusalAsAnErrorAndGoesOn) {
    run([]() -> Coro<> {
        const SocketAddress nobody = closed_address(datagram_socket());
        auto [transport, protocol] = co_await get_running_loop().create_datagram_endpoint(
            recorder, {.remote_addr = at(nobody)});
        transport->sendto("anybody?");
        co_await protocol->until_called(2);
        EXPECT_EQ(protocol->calls[1], "error recv from " + nobody.text() + ": Connection refused");
        EXPECT_FALSE(transport->is_closing());
        transport->abort();
    });
}

TEST(DatagramProtocol, SendtoKeepsAsynciosRulesForAddresses) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const Socket far = datagram_socket();
        const SocketAddress other = *SocketAddress::from_ip("127.0.0.1", 9);
        auto [connected, p] = co_await loop.create_datagram_endpoint(
            recorder, {.remote_addr = at(far.local_address())});
        EXPECT_THROW(connected->sendto("x", other), ValueError);
        auto [unconnected, q] =
            co_await loop.create_datagram_endpoint(recorder, {.local_addr = any_port});
        EXPECT_THROW(unconnected->sendto("x"), ValueError);
        unconnected->sendto("fine", far.local_address());
        co_await turns(2);
        EXPECT_EQ(receive_datagram(far), "fine");
        EXPECT_FALSE(unconnected->is_closing());
    });
}

TEST(DatagramProtocol, PausesAndResumesTheWriter) {
    run([]() -> Coro<> {
        auto [near, far] = unix_datagram_pair();
        auto [transport, protocol] =
            co_await get_running_loop().create_datagram_endpoint(recorder, std::move(near));
        EXPECT_EQ(transport->get_write_buffer_limits(), std::pair(16384ul, 65536ul));
        EXPECT_THROW(transport->set_write_buffer_limits(1, 2), ValueError);
        transport->set_write_buffer_limits(1000);
        while (protocol->calls.back() != "pause") {
            transport->sendto(std::string(992, 'x'));
        }
        EXPECT_EQ(transport->get_write_buffer_size(), 2000u);
        while (receive_datagram(far) != "(nothing)") {
        }
        co_await protocol->until_called(3);
        EXPECT_THAT(protocol->calls, ElementsAre("made", "pause", "resume"));
    });
}

TEST(DatagramProtocol, WhatACallbackThrowsIsReportedAndTheTransportGoesOn) {
    struct Thrower : Recorder {
        void datagram_received(std::string_view data, const SocketAddress& addr) override {
            Recorder::datagram_received(data, addr);
            throw std::runtime_error("in datagram_received");
        }
    };
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        std::vector<std::string> reports;
        loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reports.push_back(context.message);
        });
        auto [transport, protocol] = co_await loop.create_datagram_endpoint(
            [] { return std::make_unique<Thrower>(); }, {.local_addr = any_port});
        const Socket far = datagram_socket();
        send_datagram(far, "1", transport->sockname());
        send_datagram(far, "2", transport->sockname());
        co_await protocol->until_called(3);
        co_await turns(1);
        EXPECT_THAT(reports, ElementsAre("exception in a protocol's datagram_received",
                                         "exception in a protocol's datagram_received"));
        EXPECT_FALSE(transport->is_closing());
        transport->abort();
        for (int i = 0; i < 6; ++i) {
            transport->sendto("x", far.local_address());
        }
        EXPECT_EQ(reports.size(), 3u);
        EXPECT_THAT(reports.back(), HasSubstr("sent 5 times on the closed socket"));
        loop.set_exception_handler({});
    });
}

TEST(CreateDatagramEndpoint, SaysWhatIsWrong) {
    run([]() -> Coro<> {
        const auto open = [](DatagramOptions options) {
            return error_of(open_datagram_endpoint(options));
        };
        EXPECT_THAT(co_await open({}), StartsWith("unexpected address family"));
        EXPECT_EQ(co_await open({.local_addr = any_port, .remote_addr = HostPort{"::1", 9}}),
                  "local_addr and remote_addr are not of the same family");
        EXPECT_EQ(co_await open({.local_addr = HostPort{"127.0.0.1", 70'000}}),
                  "port 70000 is out of range: 0 to 65535 are allowed");
        EXPECT_EQ(co_await open({.local_addr = HostPort{"203.0.113.1", 0}}),
                  "bind to 203.0.113.1 port 0: Cannot assign requested address");
        EXPECT_EQ(co_await open({.remote_addr = HostPort{"127.255.255.255", 9}}),
                  "connect to 127.255.255.255 port 9: Permission denied");
        EXPECT_THAT(
            co_await open({.local_addr = HostPort{std::string(200, 'x'), 0}, .family = AF_UNIX}),
            StartsWith("the path of a Unix socket is too long"));
        std::error_code error;
        EXPECT_EQ(co_await error_of(
                      open_datagram_endpoint(Socket::create(AF_INET, SOCK_STREAM, 0, error))),
                  "a datagram socket was expected, got one of type 1");
        EXPECT_EQ(co_await error_of(open_datagram_endpoint(Socket())),
                  "take over a datagram socket: Bad file descriptor");
    });
}

TEST(CreateDatagramEndpoint, TakesAFamilyAlone) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.family = AF_INET});
        EXPECT_EQ(endpoint.sockname().text(), "0.0.0.0 port 0");
    });
}

TEST(CreateDatagramEndpoint, AnEmptyLocalHostIsEveryInterface) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint =
            co_await open_datagram_endpoint({.local_addr = HostPort{"", 0}, .family = AF_INET});
        EXPECT_EQ(endpoint.sockname().host(), "0.0.0.0");
    });
}

TEST(CreateDatagramEndpoint, ResolvesNames) {
    run([]() -> Coro<> {
        const Socket far = datagram_socket();
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint(
            {.local_addr = HostPort{"localhost", 0},
             .remote_addr = HostPort{"localhost", far.local_address().port()},
             .family = AF_INET});
        EXPECT_EQ(endpoint.peername(), far.local_address());
        EXPECT_EQ(endpoint.sockname().host(), "127.0.0.1");
    });
}

TEST(CreateDatagramEndpoint, SharesAPortWhenAsked) {
    run([]() -> Coro<> {
        const DatagramEndpoint one =
            co_await open_datagram_endpoint({.local_addr = any_port, .reuse_port = true});
        const HostPort same{"127.0.0.1", one.sockname().port()};
        const DatagramEndpoint two =
            co_await open_datagram_endpoint({.local_addr = same, .reuse_port = true});
        EXPECT_EQ(one.sockname(), two.sockname());
        const DatagramOptions without{.local_addr = same};
        EXPECT_THAT(co_await error_of(open_datagram_endpoint(without)),
                    HasSubstr("Address already in use"));
    });
}

TEST(CreateDatagramEndpoint, SpeaksOverUnixPathsAndReplacesAStaleOne) {
    run([]() -> Coro<> {
        const std::string folder = "/tmp/hocket-datagrams-" + std::to_string(::getpid());
        std::filesystem::create_directory(folder);
        const std::string path = folder + "/server";
        for (int round = 0; round < 2; ++round) { // the first one leaves its socket file behind
            const DatagramEndpoint server = co_await open_datagram_endpoint(
                {.local_addr = HostPort{path, 0}, .family = AF_UNIX});
            const DatagramEndpoint client =
                co_await open_datagram_endpoint({.local_addr = HostPort{folder + "/client", 0},
                                                 .remote_addr = HostPort{path, 0},
                                                 .family = AF_UNIX});
            client.send("over a path");
            const Datagram asked = co_await server.recv();
            EXPECT_EQ(asked.data, "over a path");
            EXPECT_EQ(asked.address.host(), folder + "/client");
            server.send("and back", asked.address);
            const Datagram answer = co_await client.recv();
            EXPECT_EQ(answer.data, "and back");
            EXPECT_EQ(answer.address.host(), path);
        }
        std::filesystem::remove_all(folder);
    });
}

TEST(CreateDatagramEndpoint, WithoutDescriptorsSaysSoAndLeaksNone) {
    run([]() -> Coro<> {
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit low{128, before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        std::vector<int> taken;
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) {
            taken.push_back(fd);
        }
        const DatagramOptions options{.local_addr = any_port};
        const std::string error = co_await error_of(open_datagram_endpoint(options));
        for (const int fd : taken) {
            ::close(fd);
        }
        ::setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_EQ(error, "create a datagram socket: Too many open files");
        const std::size_t open = open_descriptors();
        EXPECT_THAT(co_await error_of(open_datagram_endpoint(options)), "(nothing)");
        co_await turns(2);
        EXPECT_EQ(open_descriptors(), open);
    });
}

TEST(DatagramEndpoint, EchoesOverBothFamilies) {
    run([]() -> Coro<> {
        for (const char* host : {"127.0.0.1", "::1"}) {
            const HostPort local{host, 0};
            const DatagramEndpoint server = co_await open_datagram_endpoint({.local_addr = local});
            Task<> serving = create_task([server]() -> Coro<> {
                for (;;) {
                    auto [data, address] = co_await server.recv();
                    server.send(data, address);
                }
            });
            const DatagramEndpoint client =
                co_await open_datagram_endpoint({.remote_addr = at(server.sockname())});
            for (const std::size_t size : {0U, 1U, 1000U, 65'000U}) {
                client.send(std::string(size, 'x'));
                const Datagram answer = co_await client.recv();
                EXPECT_EQ(answer.data, std::string(size, 'x'));
                EXPECT_EQ(answer.address, server.sockname());
            }
            serving.cancel();
            EXPECT_THROW(co_await serving, CancelledError);
        }
    });
}

TEST(DatagramEndpoint, ReceivesIntoTheCallersMemory) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const Socket far = datagram_socket();
        send_datagram(far, "0123456789", endpoint.sockname());
        std::array<std::byte, 10> space{};
        const auto small = std::span(space).first(9);
        EXPECT_THAT(co_await error_of<DatagramSize>(endpoint.recv_into(small)),
                    StartsWith("recv_into: a datagram of 10 bytes from 127.0.0.1 port "));
        const DatagramSize received = co_await endpoint.recv_into(space);
        EXPECT_EQ(received.size, 10u);
        EXPECT_EQ(received.address, far.local_address());
        EXPECT_EQ(space[9], std::byte{'9'});
        send_datagram(far, "", endpoint.sockname());
        const DatagramSize empty = co_await endpoint.recv_into({});
        EXPECT_EQ(empty.size, 0u);
    });
}

TEST(DatagramEndpoint, ErrorsSurfaceInRecvAndItGoesOn) {
    run([]() -> Coro<> {
        const SocketAddress nobody = closed_address(datagram_socket());
        const DatagramEndpoint endpoint =
            co_await open_datagram_endpoint({.remote_addr = at(nobody)});
        for (int i = 0; i < 3; ++i) {
            endpoint.send("anybody?");
            EXPECT_THAT(co_await error_of<Datagram>(endpoint.recv()),
                        HasSubstr(nobody.text() + ": Connection refused"));
        }
        endpoint.send(std::string(70'000, 'x'));
        EXPECT_THAT(co_await error_of<Datagram>(endpoint.recv()), HasSubstr("Message too long"));
        std::error_code error;
        Socket late = Socket::create(AF_INET, SOCK_DGRAM, 0, error);
        EXPECT_FALSE(late.bind(nobody));
        send_datagram(late, "here I am", endpoint.sockname());
        const Datagram datagram = co_await endpoint.recv();
        EXPECT_EQ(datagram.data, "here I am");
    });
}

TEST(DatagramEndpoint, TasksReceiveInTheOrderOfTheirCalls) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        std::vector<Task<Datagram>> waiting;
        for (int i = 0; i < 3; ++i) {
            waiting.push_back(create_task(Coro<Datagram>(endpoint.recv())));
        }
        co_await turns(2);
        waiting[1].cancel();
        const Socket far = datagram_socket();
        send_datagram(far, "first", endpoint.sockname());
        send_datagram(far, "second", endpoint.sockname());
        const Datagram first = co_await waiting[0];
        const Datagram second = co_await waiting[2];
        EXPECT_EQ(first.data, "first");
        EXPECT_EQ(second.data, "second");
        EXPECT_TRUE(waiting[1].cancelled());
    });
}

/// Sends a datagram, and runs the loop until the endpoint has received it from the kernel. When
/// this returns, the receiver has been woken in the same turn but has not run yet.
Coro<> arrive_in_this_turn(const Socket& far, const DatagramEndpoint& endpoint) {
    send_datagram(far, "precious", endpoint.sockname());
    for (int pending = 1; pending != 0;) {
        co_await sleep(0s);
        ::ioctl(endpoint.socket().fileno(), FIONREAD, &pending);
    }
}

TEST(DatagramEndpoint, ACancelledRecvLosesNothingInEitherOrder) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const Socket far = datagram_socket();
        for (const bool arrives_first : {true, false}) {
            for (const bool another_waits : {true, false}) {
                Task<Datagram> receiving = create_task(Coro<Datagram>(endpoint.recv()));
                co_await turns(2);
                Task<Datagram> another;
                if (another_waits) {
                    another = create_task(Coro<Datagram>(endpoint.recv()));
                    co_await turns(2);
                }
                if (arrives_first) {
                    co_await arrive_in_this_turn(far, endpoint);
                    EXPECT_FALSE(receiving.done());
                    receiving.cancel();
                } else {
                    receiving.cancel();
                    send_datagram(far, "precious", endpoint.sockname());
                }
                EXPECT_THROW(co_await receiving, CancelledError);
                if (!another_waits) {
                    another = create_task(Coro<Datagram>(endpoint.recv()));
                }
                const Datagram kept = co_await another;
                EXPECT_EQ(kept.data, "precious");
            }
        }
    });
}

TEST(DatagramEndpoint, ALaterTaskDoesNotTakeAGrantedDatagram) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const Socket far = datagram_socket();
        Task<Datagram> first = create_task(Coro<Datagram>(endpoint.recv()));
        co_await turns(2);
        co_await arrive_in_this_turn(far, endpoint);
        TaskOptions now{.eager_start = true};
        Task<Datagram> later = create_task(Coro<Datagram>(endpoint.recv()), now);
        EXPECT_FALSE(later.done());
        const Datagram granted = co_await first;
        EXPECT_EQ(granted.data, "precious");
        send_datagram(far, "for the later one", endpoint.sockname());
        const Datagram next = co_await later;
        EXPECT_EQ(next.data, "for the later one");
    });
}

TEST(DatagramEndpoint, NothingIsLostWhereverAReceiverIsCancelled) {
    run([]() -> Coro<> {
        const std::size_t descriptors = open_descriptors();
        bool completed = false;
        for (int step = 0; !completed; ++step) {
            const DatagramEndpoint endpoint =
                co_await open_datagram_endpoint({.local_addr = any_port});
            const Socket far = datagram_socket();
            std::vector<std::string> received;
            const auto receive = [&]() -> Coro<> {
                std::array<std::byte, 10> space{};
                for (int i = 0; i < 3; ++i) {
                    const Datagram one = co_await endpoint.recv();
                    received.push_back(one.data);
                    const DatagramSize two = co_await endpoint.recv_into(space);
                    received.emplace_back(reinterpret_cast<char*>(space.data()), two.size);
                    endpoint.send("thanks", two.address);
                    co_await endpoint.drain();
                }
            };
            Task<> task = create_task(receive);
            std::vector<std::string> sent;
            for (int i = 0; i < step; ++i) {
                if (sent.size() < 6) {
                    sent.push_back(std::to_string(sent.size()));
                    send_datagram(far, sent.back(), endpoint.sockname());
                }
                co_await sleep(i % 2 == 0 ? 0ms : 1ms); // with and without polling the socket
            }
            completed = task.done();
            task.cancel();
            const std::vector<Task<>> ended(1, task);
            co_await wait(ended);
            EXPECT_EQ(task.cancelled(), !completed);
            while (received.size() < sent.size()) {
                const Datagram rest = co_await endpoint.recv();
                received.push_back(rest.data);
            }
            EXPECT_EQ(received, sent) << "cancelled at step " << step;
        }
        co_await turns(2);
        EXPECT_EQ(open_descriptors(), descriptors);
    });
}

TEST(DatagramEndpoint, OpeningMayBeCancelledAtEveryStep) {
    run([]() -> Coro<> {
        const DatagramOptions options{.local_addr = HostPort{"localhost", 0},
                                      .remote_addr = HostPort{"localhost", 9},
                                      .family = AF_INET};
        { const DatagramEndpoint warm = co_await open_datagram_endpoint(options); }
        co_await turns(2);
        const std::size_t descriptors = open_descriptors();
        bool completed = false;
        for (int step = 0; !completed; ++step) {
            {
                Task<DatagramEndpoint> opening = create_task(open_datagram_endpoint(options));
                for (int i = 0; i < step && !opening.done(); ++i) {
                    co_await sleep(i < 20 ? 0ms : 1ms);
                }
                completed = opening.done();
                opening.cancel();
                const std::vector<Task<DatagramEndpoint>> ended(1, opening);
                co_await wait(ended);
                EXPECT_EQ(opening.cancelled(), !completed);
            }
            // A name lookup uses some descriptors for a moment, on a thread that may still be
            // running. Count again after a pause.
            std::size_t open = open_descriptors();
            for (int i = 0; i < 5000 && open > descriptors; ++i) {
                co_await sleep(1ms);
                open = open_descriptors();
            }
            EXPECT_LE(open, descriptors);
        }
    });
}

TEST(DatagramEndpoint, CloseEndsReceiversAndSendsWhatIsQueued) {
    run([]() -> Coro<> {
        auto [near, far] = unix_datagram_pair();
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint(std::move(near));
        Task<Datagram> receiving = create_task(Coro<Datagram>(endpoint.recv()));
        for (int i = 0; i < 2000; ++i) {
            endpoint.send(std::to_string(i));
        }
        co_await turns(2);
        endpoint.close();
        EXPECT_TRUE(endpoint.is_closing());
        endpoint.send("ignored");
        Task<> closed = create_task(Coro<>(endpoint.wait_closed()));
        for (int i = 0; i < 2000;) {
            const std::string each = receive_datagram(far);
            if (each == "(nothing)") {
                co_await sleep(0s);
            } else {
                EXPECT_EQ(each, std::to_string(i++));
            }
        }
        co_await closed;
        EXPECT_THROW(co_await receiving, EOFError);
        EXPECT_THROW(co_await endpoint.recv(), EOFError);
        co_await endpoint.drain();
        co_await endpoint.wait_closed();
        EXPECT_EQ(receive_datagram(far), "(nothing)");
        EXPECT_FALSE(endpoint.sockname().is_known());
    });
}

TEST(DatagramEndpoint, ARecvThatIsGrantedAsTheEndpointClosesIsAtItsEnd) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const Socket far = datagram_socket();
        Task<Datagram> receiving = create_task(Coro<Datagram>(endpoint.recv()));
        co_await turns(2);
        co_await arrive_in_this_turn(far, endpoint);
        endpoint.abort(); // takes effect at the end of this turn, after the receiver has run
        const Datagram datagram = co_await receiving;
        EXPECT_EQ(datagram.data, "precious");
        EXPECT_THROW(co_await endpoint.recv(), EOFError);
    });
}

TEST(DatagramEndpoint, TheLastHandleClosesIt) {
    run([]() -> Coro<> {
        const std::size_t descriptors = open_descriptors();
        auto endpoint = std::make_unique<DatagramEndpoint>(
            co_await open_datagram_endpoint({.local_addr = any_port}));
        auto copy = std::make_unique<DatagramEndpoint>(*endpoint);
        endpoint.reset();
        co_await turns(2);
        EXPECT_TRUE(copy->sockname().is_known());
        copy.reset();
        co_await turns(2);
        EXPECT_EQ(open_descriptors(), descriptors);
    });
}

TEST(DatagramEndpoint, OutlivesItsLoop) {
    std::vector<DatagramEndpoint> kept;
    run([&]() -> Coro<> {
        DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        send_datagram(datagram_socket(), "never received", endpoint.sockname());
        DatagramEndpoint closed = co_await open_datagram_endpoint({.local_addr = any_port});
        closed.close();
        co_await closed.wait_closed();
        co_await sleep(1ms);
        kept = {endpoint, closed};
    });
    for (const DatagramEndpoint& endpoint : kept) {
        EXPECT_TRUE(endpoint.is_closing());
        endpoint.send("nowhere", *SocketAddress::from_ip("127.0.0.1", 9));
        endpoint.close();
        EXPECT_FALSE(endpoint.socket().is_open());
        EXPECT_THROW(run([&]() -> Coro<> { co_await endpoint.recv(); }), EOFError);
    }
}

TEST(DatagramEndpoint, DatagramsAboveTheLimitStayInTheKernel) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint =
            co_await open_datagram_endpoint({.local_addr = any_port, .limit = 1000});
        const Socket far = datagram_socket();
        constexpr int count = 200;
        for (int i = 0; i < count; ++i) {
            send_datagram(far, std::to_string(i), endpoint.sockname());
        }
        co_await sleep(5ms);
        int pending = 0;
        ::ioctl(endpoint.socket().fileno(), FIONREAD, &pending);
        EXPECT_GT(pending, 0);
        for (int i = 0; i < count; ++i) {
            const Datagram each = co_await endpoint.recv();
            EXPECT_EQ(each.data, std::to_string(i));
        }
    });
}

TEST(DatagramEndpoint, DrainWaitsForRoom) {
    run([]() -> Coro<> {
        auto [near, far] = unix_datagram_pair();
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint(std::move(near));
        co_await endpoint.drain();
        for (int i = 0; i < 1000; ++i) {
            endpoint.send(std::string(1000, 'x'));
        }
        Task<> draining = create_task(Coro<>(endpoint.drain()));
        Task<> cancelled = create_task(Coro<>(endpoint.drain()));
        co_await turns(3);
        EXPECT_FALSE(draining.done());
        cancelled.cancel();
        while (!draining.done()) {
            receive_datagram(far);
            co_await sleep(0s);
        }
        co_await draining;
        EXPECT_TRUE(cancelled.cancelled());
    });
}

TEST(DatagramEndpoint, IteratesUntilItIsClosed) {
    run([]() -> Coro<> {
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const Socket far = datagram_socket();
        std::vector<std::string> all;
        const auto iterate = [&]() -> Coro<> {
            AsyncGenerator<Datagram> datagrams = endpoint.datagrams();
            for (;;) {
                const std::optional<Datagram> each = co_await datagrams.next();
                if (!each) {
                    break;
                }
                all.push_back(each->data);
                if (all.size() == 2) {
                    endpoint.close();
                }
            }
        };
        Task<> iterating = create_task(iterate);
        send_datagram(far, "one", endpoint.sockname());
        send_datagram(far, "two", endpoint.sockname());
        co_await iterating;
        EXPECT_THAT(all, ElementsAre("one", "two"));
    });
}

TEST(DatagramMulticast, ReachesTheMembersOfAGroup) {
    run([]() -> Coro<> {
        const DatagramEndpoint member =
            co_await open_datagram_endpoint({.local_addr = HostPort{"0.0.0.0", 0}});
        DatagramEndpoint sender =
            co_await open_datagram_endpoint({.local_addr = HostPort{"0.0.0.0", 0}});
        const SocketAddress group = *SocketAddress::from_ip("239.1.2.3", member.sockname().port());
        DatagramEndpoint joined = member;
        joined.join_group("239.1.2.3", "lo");
        sender.set_multicast_interface("127.0.0.1");
        sender.set_multicast_ttl(0);
        sender.send("to all members", group);
        const Datagram datagram = co_await member.recv();
        EXPECT_EQ(datagram.data, "to all members");

        sender.set_multicast_loop(false);
        sender.send("not to ourselves", group);
        sender.set_multicast_loop(true);
        joined.leave_group("239.1.2.3", "lo");
        joined.join_group("239.1.2.4", "lo");
        co_await turns(2);
        sender.send("also to the next group",
                    *SocketAddress::from_ip("239.1.2.4", member.sockname().port()));
        const Datagram next = co_await member.recv();
        EXPECT_EQ(next.data, "also to the next group");
    });
}

/// Whether the loopback interface is a member of this IPv6 group.
bool has_member(const std::string& group) {
    std::ifstream memberships("/proc/net/igmp6");
    for (std::string line; std::getline(memberships, line);) {
        if (line.find(" lo ") != std::string::npos && line.find(group) != std::string::npos) {
            return true;
        }
    }
    return false;
}

// Many machines have no route for IPv6 groups on the loopback interface, so nothing is sent here.
TEST(DatagramMulticast, JoinsAndLeavesIPv6Groups) {
    run([]() -> Coro<> {
        DatagramEndpoint endpoint =
            co_await open_datagram_endpoint({.local_addr = HostPort{"::1", 0}});
        const std::string group = "ff010000000000000000000000004242";
        for (const char* interface : {"lo", "1", "::1"}) {
            EXPECT_FALSE(has_member(group));
            endpoint.join_group("ff01::4242", interface);
            EXPECT_TRUE(has_member(group));
            endpoint.leave_group("ff01::4242", interface);
        }
        EXPECT_FALSE(has_member(group));
        const auto option = [&](int name) {
            int value = -1;
            socklen_t size = sizeof value;
            ::getsockopt(endpoint.socket().fileno(), IPPROTO_IPV6, name, &value, &size);
            return value;
        };
        endpoint.set_multicast_ttl(7);
        endpoint.set_multicast_loop(false);
        endpoint.set_multicast_interface("lo");
        EXPECT_EQ(option(IPV6_MULTICAST_HOPS), 7);
        EXPECT_EQ(option(IPV6_MULTICAST_LOOP), 0);
        EXPECT_EQ(option(IPV6_MULTICAST_IF), 1);
    });
}

TEST(DatagramMulticast, SaysWhatIsWrong) {
    run([]() -> Coro<> {
        DatagramEndpoint endpoint = co_await open_datagram_endpoint({.local_addr = any_port});
        const auto error_of_call = [](auto call) -> std::string {
            try {
                call();
            } catch (const std::exception& error) {
                return error.what();
            }
            return "(nothing)";
        };
        EXPECT_EQ(error_of_call([&] { endpoint.join_group("example.org"); }),
                  "a multicast group is an IP address in digits, not 'example.org'");
        EXPECT_EQ(error_of_call([&] { endpoint.join_group("239.1.2.3", "eth77"); }),
                  "'eth77' is not the name, number or address of a network interface");
        EXPECT_EQ(error_of_call([&] { endpoint.join_group("127.0.0.1", "lo"); }),
                  "join the group 127.0.0.1 on interface lo: Invalid argument");
        EXPECT_EQ(error_of_call([&] { endpoint.leave_group("239.1.2.3", "lo"); }),
                  "leave the group 239.1.2.3 on interface lo: Cannot assign requested address");
        EXPECT_EQ(error_of_call([&] { endpoint.set_multicast_ttl(256); }),
                  "set_multicast_ttl: 256 is out of range: 0 to 255 are allowed");
        endpoint.close();
        co_await endpoint.wait_closed();
        EXPECT_EQ(error_of_call([&] { endpoint.set_broadcast(true); }),
                  "set_broadcast: Bad file descriptor");
    });
}

TEST(DatagramBroadcast, IsAllowedWhenAsked) {
    run([]() -> Coro<> {
        const DatagramEndpoint listener =
            co_await open_datagram_endpoint({.local_addr = HostPort{"0.0.0.0", 0}});
        const HostPort everybody{"127.255.255.255", listener.sockname().port()};
        const DatagramEndpoint sender =
            co_await open_datagram_endpoint({.remote_addr = everybody, .allow_broadcast = true});
        EXPECT_THROW(sender.send("elsewhere", listener.sockname()), ValueError);
        sender.send("to everybody");
        const Datagram datagram = co_await listener.recv();
        EXPECT_EQ(datagram.data, "to everybody");
        // The sender is not connected, so an answer from the listener's own address arrives.
        const SocketAddress back = *SocketAddress::from_ip("127.0.0.1", sender.sockname().port());
        listener.send("heard", back);
        const Datagram answer = co_await sender.recv();
        EXPECT_EQ(answer.data, "heard");

        DatagramEndpoint later = co_await open_datagram_endpoint({.local_addr = any_port});
        const SocketAddress address =
            *SocketAddress::from_ip(everybody.host.str(), listener.sockname().port());
        later.send("not allowed", address);
        EXPECT_THAT(co_await error_of<Datagram>(later.recv()), HasSubstr("Permission denied"));
        later.set_broadcast(true);
        later.send("allowed", address);
        const Datagram allowed = co_await listener.recv();
        EXPECT_EQ(allowed.data, "allowed");
    });
}

TEST(SockDatagrams, SendReceiveAndReceiveInto) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const Socket one = datagram_socket();
        Socket two = datagram_socket();
        Task<Datagram> receiving = create_task(loop.sock_recvfrom(one, 100));
        co_await turns(1);
        EXPECT_EQ(co_await loop.sock_sendto(two, "hello", one.local_address()), 5u);
        const Datagram datagram = co_await receiving;
        EXPECT_EQ(datagram.data, "hello");
        EXPECT_EQ(datagram.address, two.local_address());

        std::array<std::byte, 3> space{};
        EXPECT_FALSE(two.connect(one.local_address()));
        EXPECT_EQ(co_await loop.sock_sendto(two, "hello", {}), 5u);
        const DatagramSize cut = co_await loop.sock_recvfrom_into(one, space);
        EXPECT_EQ(cut.size, 3u);
        EXPECT_EQ(cut.address, two.local_address());

        EXPECT_EQ(
            co_await error_of(loop.sock_sendto(one, std::string(70'000, 'x'), two.local_address())),
            "sendto " + two.local_address().text() + ": Message too long");
    });
}

TEST(SockDatagrams, SendtoWaitsForRoomAndMayBeCancelled) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [near, far] = unix_datagram_pair();
        int sent = 0;
        Task<std::size_t> sending;
        do {
            sending = create_task(loop.sock_sendto(near, "x", {}));
            co_await turns(2);
            ++sent;
        } while (sending.done());
        sending.cancel();
        EXPECT_THROW(co_await sending, CancelledError);
        sending = create_task(loop.sock_sendto(near, "last", {}));
        co_await turns(2);
        EXPECT_FALSE(sending.done());
        for (int i = 0; i < sent - 1; ++i) {
            EXPECT_EQ(receive_datagram(far), "x");
        }
        EXPECT_EQ(co_await sending, 4u);
        EXPECT_EQ(receive_datagram(far), "last");
    });
}

TEST(SockDatagrams, ACancelledReceiveLosesNothingInEitherOrder) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const Socket one = datagram_socket();
        const Socket two = datagram_socket();
        for (const bool arrives_first : {true, false}) {
            Task<Datagram> receiving = create_task(loop.sock_recvfrom(one, 100));
            co_await turns(1);
            if (arrives_first) {
                send_datagram(two, "precious", one.local_address());
                receiving.cancel();
            } else {
                receiving.cancel();
                send_datagram(two, "precious", one.local_address());
            }
            EXPECT_THROW(co_await receiving, CancelledError);
            const Datagram kept = co_await loop.sock_recvfrom(one, 100);
            EXPECT_EQ(kept.data, "precious");
        }
    });
}

crawl_tests::RunningProgram python_peer(const char* role, int port) {
    return crawl_tests::RunningProgram({"/usr/bin/env", "python3",
                                        HOCKET_TEST_SOURCES_DIR "/python/datagram_peer.py", role,
                                        std::to_string(port)});
}

TEST(DatagramsWithPython, AnAsyncioClientAsksOurServer) {
    run([]() -> Coro<> {
        auto [server, echo] = co_await get_running_loop().create_datagram_endpoint(
            recorder, {.local_addr = any_port});
        echo->echo = true;
        const int port = server->sockname().port();
        const std::string said =
            co_await to_thread([port] { return python_peer("client", port).read_all(); });
        EXPECT_EQ(said, "500 of 500 answers, all right\n");
    });
}

TEST(DatagramsWithPython, OurClientAsksAnAsyncioServer) {
    run([]() -> Coro<> {
        crawl_tests::RunningProgram python = python_peer("server", 0);
        const int port = std::stoi(co_await to_thread([&] { return python.read_line(); }));
        const DatagramEndpoint client =
            co_await open_datagram_endpoint({.remote_addr = HostPort{"127.0.0.1", port}});
        for (int i = 1; i <= 500; ++i) { // before 3.13, asyncio does not answer empty ones
            const std::string sent(static_cast<std::size_t>(i), 'x');
            client.send(sent);
            const Datagram answer = co_await client.recv();
            EXPECT_EQ(answer.data, sent);
        }
    });
}

} // namespace
} // namespace hocket
