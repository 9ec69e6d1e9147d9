#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/start_server.hpp>

namespace hocket {
namespace {

using namespace std::chrono_literals;

/// Records every call as text.
struct Recorder : Protocol {
    std::vector<std::string> calls;
    Transport* transport = nullptr;
    std::exception_ptr error;
    std::string received;
    bool lost = false;
    bool keep_open = false;

    void connection_made(Transport& made) override {
        transport = &made;
        calls.emplace_back("made");
    }
    void data_received(std::string_view data) override {
        received += data;
        calls.emplace_back("data");
    }
    bool eof_received() override {
        calls.emplace_back("eof");
        return keep_open;
    }
    void connection_lost(std::exception_ptr why) override {
        lost = true;
        error = why;
        calls.emplace_back("lost");
    }
};

template <class Predicate> Coro<> until(Predicate is_true) {
    for (int i = 0; i < 5000 && !is_true(); ++i) {
        co_await sleep(1ms);
    }
    EXPECT_TRUE(is_true());
}

struct Pair {
    Server server;
    std::shared_ptr<Recorder> served;
    Connection client;
};

template <class P = Recorder> Coro<Pair> serve_one() {
    auto protocol = std::make_shared<P>();
    const auto factory = [protocol] { return protocol; };
    Server server = co_await get_running_loop().create_server(factory, "127.0.0.1", 0);
    Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
    co_await until([&] { return !protocol->calls.empty(); });
    Pair pair{server, protocol, std::move(client)};
    co_return pair;
}

TEST(Protocol, IsCalledInAsynciosOrder) {
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one();
        client.writer.write("data");
        co_await until([&served = served] { return served->received == "data"; });
        client.writer.close();
        co_await until([&served = served] { return served->lost; });
        EXPECT_EQ(served->calls, (std::vector<std::string>{"made", "data", "eof", "lost"}));
        EXPECT_FALSE(served->error);
        server.close();
    });
}

TEST(Protocol, EchoesThroughItsTransport) {
    struct Echo : Protocol {
        void connection_made(Transport& made) override { transport = &made; }
        void data_received(std::string_view data) override { transport->write(data); }
        Transport* transport = nullptr;
    };
    run([]() -> Coro<> {
        Server server = co_await get_running_loop().create_server(
            [] { return std::make_unique<Echo>(); }, "127.0.0.1", 0);
        auto [reader, writer] = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        for (const std::size_t size : {1U, 100U, 5000U, 300'000U}) {
            const std::string sent(size, 'x');
            writer.write(sent);
            const std::string echo = co_await reader.readexactly(size);
            EXPECT_EQ(echo, sent);
        }
        server.close();
    });
}

TEST(Protocol, CreateConnectionYieldsTransportAndProtocol) {
    run([]() -> Coro<> {
        Server server = co_await start_server(
            [](StreamReader, StreamWriter writer) { writer.write("welcome"); }, "127.0.0.1", 0);
        auto [transport, protocol] = co_await get_running_loop().create_connection(
            [] { return std::make_unique<Recorder>(); }, "127.0.0.1", server.sockets()[0].port());
        EXPECT_EQ(protocol->calls, std::vector<std::string>{"made"});
        EXPECT_EQ(protocol->transport, transport.get());
        EXPECT_EQ(transport->get_protocol(), protocol);
        EXPECT_EQ(transport->peername().port(), server.sockets()[0].port());
        EXPECT_NE(transport->sockname().port(), 0);
        co_await until([&protocol = protocol] { return protocol->lost; });
        EXPECT_EQ(protocol->received, "welcome");
        transport->write("to nobody");
        EXPECT_TRUE(transport->is_closing());
        EXPECT_FALSE(transport->get_protocol());
        server.close();
    });
}

TEST(Protocol, WorksOverUnixSockets) {
    run([]() -> Coro<> {
        const std::string name =
            std::string(1, '\0') + "hocket-protocol-" + std::to_string(::getpid());
        auto served = std::make_shared<Recorder>();
        const auto factory = [served] { return served; };
        Server server = co_await get_running_loop().create_unix_server(factory, name);
        auto [transport, protocol] = co_await get_running_loop().create_unix_connection(
            [] { return std::make_shared<Recorder>(); }, name);
        transport->write("over a path");
        transport->write_eof();
        co_await until([&] { return served->lost; });
        EXPECT_EQ(served->received, "over a path");
        server.close();
    });
}

TEST(Protocol, AConnectionKeptOpenAfterTheEndOfFileCanBeWrittenTo) {
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one();
        served->keep_open = true;
        client.writer.write_eof();
        co_await until([&served = served] { return served->calls.back() == "eof"; });
        served->transport->write("still here");
        served->transport->close();
        EXPECT_EQ(co_await client.reader.read(), "still here");
        server.close();
    });
}

TEST(Protocol, PausedReadingHoldsTheBytesBack) {
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one();
        served->transport->pause_reading();
        EXPECT_FALSE(served->transport->is_reading());
        client.writer.write("x");
        co_await sleep(10ms);
        EXPECT_EQ(served->received, "");
        served->transport->resume_reading();
        co_await until([&served = served] { return served->received == "x"; });
        server.close();
    });
}

TEST(Protocol, PausesAndResumesWriting) {
    struct Writer : Recorder {
        void pause_writing() override { calls.emplace_back("pause"); }
        void resume_writing() override { calls.emplace_back("resume"); }
    };
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one<Writer>();
        Transport& transport = *served->transport;
        EXPECT_EQ(transport.get_write_buffer_limits(),
                  (std::pair<std::size_t, std::size_t>(16384, 65536)));
        EXPECT_THROW(transport.set_write_buffer_limits(1, 2), ValueError);
        transport.set_write_buffer_limits(1000);
        transport.write(std::string(20'000'000, 'x'));
        EXPECT_EQ(served->calls.back(), "pause");
        EXPECT_GT(transport.get_write_buffer_size(), 1000U);
        EXPECT_EQ((co_await client.reader.readexactly(20'000'000)).size(), 20'000'000U);
        EXPECT_EQ(served->calls.back(), "resume");
        server.close();
    });
}

TEST(Protocol, AResetIsTheErrorOfConnectionLost) {
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one();
        const linger hard{1, 0};
        ::setsockopt(client.writer.socket().fileno(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        client.writer.close();
        co_await until([&served = served] { return served->lost; });
        EXPECT_THROW(std::rethrow_exception(served->error), std::system_error);
        server.close();
    });
}

TEST(Protocol, AnExceptionOutOfACallbackIsReportedAndAbortsTheTransport) {
    struct Bad : Recorder {
        void data_received(std::string_view) override {
            throw std::runtime_error("cannot read that");
        }
    };
    run([]() -> Coro<> {
        std::vector<std::string> reports;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reports.push_back(context.message);
        });
        auto [server, served, client] = co_await serve_one<Bad>();
        client.writer.write("x");
        co_await until([&served = served] { return served->lost; });
        EXPECT_THROW(std::rethrow_exception(served->error), std::runtime_error);
        EXPECT_EQ(reports, std::vector<std::string>{"exception in a protocol's data_received"});
        server.close();
        get_running_loop().set_exception_handler({});
    });
}

TEST(Protocol, AnExceptionOutOfConnectionMadeClosesTheConnection) {
    struct Bad : Recorder {
        void connection_made(Transport& made) override {
            Recorder::connection_made(made);
            throw std::runtime_error("not today");
        }
    };
    run([]() -> Coro<> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        auto [server, served, client] = co_await serve_one<Bad>();
        EXPECT_EQ(co_await client.reader.read(), "");
        EXPECT_TRUE(served->lost);
        EXPECT_EQ(reports, 1);
        server.close();
        get_running_loop().set_exception_handler({});
    });
}

TEST(Protocol, WritingAfterWriteEofIsARuntimeError) {
    run([]() -> Coro<> {
        auto [server, served, client] = co_await serve_one();
        served->transport->write_eof();
        EXPECT_THROW(served->transport->write("x"), RuntimeError);
        EXPECT_TRUE(served->transport->can_write_eof());
        EXPECT_EQ(co_await client.reader.read(), "");
        server.close();
    });
}

TEST(Protocol, MayBeReplacedFromWithinItsOwnCallback) {
    struct First : Recorder {
        std::shared_ptr<Recorder> next = std::make_shared<Recorder>();
        void data_received(std::string_view data) override {
            Recorder::data_received(data);
            transport->set_protocol(std::shared_ptr<Protocol>(next));
        }
    };
    run([]() -> Coro<> {
        Server server = co_await get_running_loop().create_server(
            [] { return std::make_shared<First>(); }, "127.0.0.1", 0);
        auto [transport, protocol] = co_await get_running_loop().create_connection(
            [] { return std::make_shared<First>(); }, "127.0.0.1", server.sockets()[0].port());
        transport->close();
        server.close();
        co_await server.wait_closed();

        auto [second, served, client] = co_await serve_one<First>();
        client.writer.write("1");
        co_await until([&served = served] { return served->received == "1"; });
        client.writer.write("2");
        const auto next = static_cast<First&>(*served).next;
        co_await until([&] { return next->received == "2"; });
        client.writer.close();
        co_await until([&] { return next->lost; });
        EXPECT_FALSE(served->lost);
        second.close();
    });
}

struct Block : BufferedProtocol {
    std::array<std::byte, 8> buffer{};
    std::string received;
    bool lost = false;
    bool gives_nothing = false;
    std::exception_ptr error;

    std::span<std::byte> get_buffer(std::size_t) override {
        return gives_nothing ? std::span<std::byte>() : buffer;
    }
    void buffer_updated(std::size_t count) override {
        received.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
    void connection_lost(std::exception_ptr why) override {
        lost = true;
        error = why;
    }
};

TEST(BufferedProtocol, GetsItsBytesInItsOwnBuffer) {
    run([]() -> Coro<> {
        auto served = std::make_shared<Block>();
        const auto factory = [served] { return served; };
        Server server = co_await get_running_loop().create_server(factory, "127.0.0.1", 0);
        auto [reader, writer] = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        writer.write("more than eight bytes at once");
        writer.close();
        co_await until([&] { return served->lost; });
        EXPECT_EQ(served->received, "more than eight bytes at once");
        server.close();
    });
}

TEST(BufferedProtocol, AnEmptyBufferIsReportedAndAbortsTheTransport) {
    run([]() -> Coro<> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        auto served = std::make_shared<Block>();
        served->gives_nothing = true;
        const auto factory = [served] { return served; };
        Server server = co_await get_running_loop().create_server(factory, "127.0.0.1", 0);
        auto [reader, writer] = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        writer.write("x");
        co_await until([&] { return served->lost; });
        EXPECT_THROW(std::rethrow_exception(served->error), RuntimeError);
        EXPECT_EQ(reports, 1);
        server.close();
        get_running_loop().set_exception_handler({});
    });
}

TEST(Protocol, OutlivesItsLoop) {
    auto served = std::make_shared<Recorder>();
    run([&]() -> Coro<> {
        const auto factory = [served] { return served; };
        Server server = co_await get_running_loop().create_server(factory, "127.0.0.1", 0);
        Connection client = co_await open_connection("127.0.0.1", server.sockets()[0].port());
        co_await until([&] { return !served->calls.empty(); });
    });
    EXPECT_TRUE(served->transport->is_closing());
    served->transport->write("nobody is there");
    served->transport->close();
    EXPECT_FALSE(served->transport->socket().is_open());
}

} // namespace
} // namespace hocket
