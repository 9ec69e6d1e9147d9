// A protocol writes more than the kernel takes at once and closes its transport, all before the
// transport waits for events. The peer must receive everything, and the protocol one
// connection_lost.

#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/hocket.hpp>

#include "support/temporary_folder.hpp"
#include "support/tls_contexts.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t much = std::size_t{8} << 20;

/// How the protocol ends its output.
enum class End { close, close_in_pause_writing, write_eof, write_eof_and_close };

struct Outcome {
    int lost = 0;
    std::exception_ptr error;
    Event ended;
};

/// Writes and ends its output in connection_made.
class Hasty : public Protocol {
public:
    Hasty(Outcome& outcome, End end, std::size_t size = much)
        : outcome_(outcome), end_(end), size_(size) {}

    void connection_made(Transport& transport) override {
        transport_ = &transport;
        transport.write(std::string(size_, 'x'));
        switch (end_) {
        case End::close: transport.close(); break;
        case End::write_eof: transport.write_eof(); break;
        case End::write_eof_and_close:
            transport.write_eof();
            transport.close();
            break;
        case End::close_in_pause_writing: break;
        }
    }
    void pause_writing() override {
        if (end_ == End::close_in_pause_writing) {
            transport_->close();
        }
    }
    void connection_lost(std::exception_ptr error) override {
        ++outcome_.lost;
        outcome_.error = error;
        outcome_.ended.set();
    }

private:
    Outcome& outcome_;
    End end_;
    std::size_t size_;
    Transport* transport_ = nullptr;
};

Coro<std::size_t> count_all(StreamReader& reader) {
    std::size_t count = 0;
    for (;;) {
        const std::string bytes = co_await reader.read(1 << 20);
        if (bytes.empty()) {
            co_return count;
        }
        count += bytes.size();
    }
}

class CloseAtOnce : public testing::TestWithParam<End> {
protected:
    Outcome outcome_;
    std::size_t received_ = 0;
    Event all_read_;

    auto factory() {
        return [this] { return std::make_shared<Hasty>(outcome_, GetParam()); };
    }
    /// Whether it closes only one direction.
    static bool is_one_sided() {
        return GetParam() == End::write_eof || GetParam() == End::write_eof_and_close;
    }
    Coro<> expect_all() {
        co_await outcome_.ended.wait();
        co_await all_read_.wait();
        EXPECT_EQ(received_, much);
        EXPECT_EQ(outcome_.lost, 1);
        EXPECT_EQ(outcome_.error, nullptr);
    }
    /// Connects to the server of a Hasty, and reads everything.
    Coro<> read_from(Server server, ConnectOptions options) {
        const int port = server.sockets().at(0).port();
        auto [reader, writer] = co_await open_connection("127.0.0.1", port, options);
        received_ = co_await count_all(reader);
        all_read_.set();
        writer.close();
        co_await expect_all();
        server.close();
        co_await server.wait_closed();
    }
    /// The handler of a server that a Hasty connects to.
    auto reads_all() {
        return [this](StreamReader reader, StreamWriter writer) -> Coro<> {
            received_ = co_await count_all(reader);
            all_read_.set();
            writer.close();
        };
    }
};

TEST_P(CloseAtOnce, OfATcpServersConnection) {
    run([this]() -> Coro<> {
        const auto make = factory();
        Server server = co_await get_running_loop().create_server(make, "127.0.0.1", 0);
        co_await read_from(server, {});
    });
}

TEST_P(CloseAtOnce, OfATcpClientsConnection) {
    run([this]() -> Coro<> {
        const auto handler = reads_all();
        Server server = co_await start_server(handler, "127.0.0.1", 0);
        const auto make = factory();
        const auto connection = co_await get_running_loop().create_connection(
            make, "127.0.0.1", server.sockets().at(0).port());
        co_await expect_all();
        server.close();
        co_await server.wait_closed();
    });
}

TEST_P(CloseAtOnce, OfAUnixConnection) {
    const TemporaryFolder folder;
    run([&]() -> Coro<> {
        const std::string path = folder.path() / "socket";
        const auto handler = reads_all();
        Server server = co_await start_unix_server(handler, path);
        const auto make = factory();
        const auto connection = co_await get_running_loop().create_unix_connection(make, path);
        co_await expect_all();
        server.close();
        co_await server.wait_closed();
    });
}

TEST_P(CloseAtOnce, OfATlsServersConnection) {
    if (is_one_sided()) {
        return; // TLS cannot close one direction only
    }
    TlsContexts contexts;
    run([&]() -> Coro<> {
        const auto make = factory();
        Server server = co_await get_running_loop().create_server(make, "127.0.0.1", 0,
                                                                  {.ssl = contexts.server});
        co_await read_from(server, {.ssl = contexts.client, .server_hostname = "localhost"});
    });
}

TEST_P(CloseAtOnce, OfATlsClientsConnection) {
    if (is_one_sided()) {
        return;
    }
    TlsContexts contexts;
    run([&]() -> Coro<> {
        const auto handler = reads_all();
        Server server = co_await start_server(handler, "127.0.0.1", 0, {.ssl = contexts.server});
        const auto make = factory();
        const auto connection = co_await get_running_loop().create_connection(
            make, "127.0.0.1", server.sockets().at(0).port(),
            {.ssl = contexts.client, .server_hostname = "localhost"});
        co_await expect_all();
        server.close();
        co_await server.wait_closed();
    });
}

TEST_P(CloseAtOnce, OfAPipe) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    std::thread reader([this, fd = read_end.fileno()] {
        std::string space(1 << 16, '\0');
        for (ssize_t got = 0; (got = ::read(fd, space.data(), space.size())) > 0;) {
            received_ += static_cast<std::size_t>(got);
        }
    });
    run([this, &write_end]() -> Coro<> {
        const auto make = factory();
        const auto connection =
            co_await get_running_loop().connect_write_pipe(make, std::move(write_end));
        co_await outcome_.ended.wait();
    });
    reader.join();
    EXPECT_EQ(received_, much);
    EXPECT_EQ(outcome_.lost, 1);
}

std::string name_of(const testing::TestParamInfo<End>& end) {
    switch (end.param) {
    case End::close: return "Close";
    case End::close_in_pause_writing: return "CloseInPauseWriting";
    case End::write_eof: return "WriteEof";
    case End::write_eof_and_close: return "WriteEofAndClose";
    }
    return "";
}
INSTANTIATE_TEST_SUITE_P(By, CloseAtOnce,
                         testing::Values(End::close, End::close_in_pause_writing, End::write_eof,
                                         End::write_eof_and_close),
                         name_of);

/// Writes and aborts in connection_made.
class Aborts : public Protocol {
public:
    explicit Aborts(Outcome& outcome) : outcome_(outcome) {}

    void connection_made(Transport& transport) override {
        transport.write(std::string(much, 'x'));
        transport.abort();
        EXPECT_EQ(outcome_.lost, 0); // not from within the call
    }
    void connection_lost(std::exception_ptr error) override {
        ++outcome_.lost;
        outcome_.error = error;
        outcome_.ended.set();
    }

private:
    Outcome& outcome_;
};

void expect_one_clean_end(const Outcome& outcome) {
    EXPECT_EQ(outcome.lost, 1);
    EXPECT_EQ(outcome.error, nullptr);
}

TEST(AbortAtOnce, EndsATcpConnectionOnce) {
    Outcome outcome;
    run([&]() -> Coro<> {
        const auto make = [&] { return std::make_shared<Aborts>(outcome); };
        Server server = co_await get_running_loop().create_server(make, "127.0.0.1", 0);
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", server.sockets().at(0).port());
        co_await outcome.ended.wait();
        EXPECT_LT(co_await count_all(reader), much); // only what the kernel took at once
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
    expect_one_clean_end(outcome);
}

TEST(AbortAtOnce, EndsATlsConnectionOnce) {
    Outcome outcome;
    TlsContexts contexts;
    run([&]() -> Coro<> {
        const auto make = [&] { return std::make_shared<Aborts>(outcome); };
        Server server = co_await get_running_loop().create_server(make, "127.0.0.1", 0,
                                                                  {.ssl = contexts.server});
        const ConnectOptions options{.ssl = contexts.client, .server_hostname = "localhost"};
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", server.sockets().at(0).port(), options);
        co_await outcome.ended.wait();
        writer.abort();
        server.close();
        co_await server.wait_closed();
    });
    expect_one_clean_end(outcome);
}

TEST(AbortAtOnce, EndsAPipeOnce) {
    Outcome outcome;
    auto [read_end, write_end] = FileDescriptor::pipe();
    run([&outcome, &write_end]() -> Coro<> {
        const auto make = [&] { return std::make_shared<Aborts>(outcome); };
        const auto connection =
            co_await get_running_loop().connect_write_pipe(make, std::move(write_end));
        co_await outcome.ended.wait();
    });
    expect_one_clean_end(outcome);
}

TEST(CloseAtOnceStreams, OfAHandlersWriter) {
    run([]() -> Coro<> {
        const auto handler = [](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write(std::string(much, 'x'));
            writer.close();
            co_await writer.wait_closed();
        };
        Server server = co_await start_server(handler, "127.0.0.1", 0);
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", server.sockets().at(0).port());
        EXPECT_EQ(co_await count_all(reader), much);
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
}

TEST(CloseAtOnceStreams, OfATlsHandlersWriter) {
    TlsContexts contexts;
    run([&]() -> Coro<> {
        const auto handler = [](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write(std::string(much, 'x'));
            writer.close();
            co_await writer.wait_closed();
        };
        Server server = co_await start_server(handler, "127.0.0.1", 0, {.ssl = contexts.server});
        const ConnectOptions options{.ssl = contexts.client, .server_hostname = "localhost"};
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", server.sockets().at(0).port(), options);
        EXPECT_EQ(co_await count_all(reader), much);
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
}

TEST(CloseAtOnceStreams, OfAPipesWriter) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    std::size_t received = 0;
    run([&received, &read_end, &write_end]() -> Coro<> {
        StreamReader reader = open_pipe_reader(std::move(read_end));
        StreamWriter writer = open_pipe_writer(std::move(write_end));
        writer.write(std::string(much, 'x'));
        writer.close();
        received = co_await count_all(reader);
        co_await writer.wait_closed();
    });
    EXPECT_EQ(received, much);
}

TEST(CloseAtOnceStreams, OfAWriterWhoseHandlerReturnsAfterSendfile) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "zeros") << std::string(much, '0');
    run([&]() -> Coro<> {
        const auto handler = [&](StreamReader, StreamWriter writer) -> Coro<> {
            File file = co_await open(folder.path() / "zeros");
            writer.write("before");
            co_await writer.sendfile(file);
            writer.write("behind");
        };
        Server server = co_await start_server(handler, "127.0.0.1", 0);
        auto [reader, writer] =
            co_await open_connection("127.0.0.1", server.sockets().at(0).port());
        EXPECT_EQ(co_await count_all(reader), much + 12);
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
}

TEST(CloseAtOnceSubprocess, OfItsStdin) {
    class Counts : public SubprocessProtocol {
    public:
        explicit Counts(std::string& output) : output_(output) {}
        void connection_made(SubprocessTransport& transport) override {
            const auto stdin = transport.get_pipe_transport(0);
            stdin->write(std::string(much, 'x'));
            stdin->close();
        }
        void pipe_data_received(int, std::string_view data) override { output_ += data; }
        void connection_lost(std::exception_ptr) override { ended.set(); }
        Event ended;

    private:
        std::string& output_;
    };
    std::string output;
    run([&]() -> Coro<> {
        const auto make = [&] { return std::make_shared<Counts>(output); };
        const auto [transport, protocol] =
            co_await get_running_loop().subprocess_exec(make, "wc", "-c");
        co_await protocol->ended.wait();
    });
    EXPECT_EQ(std::stoul(output), much);
}

TEST(CloseAtOnceDatagrams, OfAUnixSocketWhosePeerIsSlow) {
    constexpr int count = 2'000;
    class Sends : public DatagramProtocol {
    public:
        explicit Sends(Outcome& outcome) : outcome_(outcome) {}
        void connection_made(DatagramTransport& transport) override {
            for (int i = 0; i < count; ++i) {
                transport.sendto(std::to_string(i), {});
            }
            transport.close();
        }
        void connection_lost(std::exception_ptr error) override {
            ++outcome_.lost;
            outcome_.error = error;
            outcome_.ended.set();
        }

    private:
        Outcome& outcome_;
    };
    Outcome outcome;
    auto [ours, theirs] = socketpair(AF_UNIX, SOCK_DGRAM);
    const int far = theirs.release();
    int received = 0;
    std::thread reader([far, &received] {
        for (; received < count; ++received) {
            pollfd one{far, POLLIN, 0};
            ::poll(&one, 1, -1);
            char text[16] = {};
            ::recv(far, text, sizeof text - 1, 0);
            EXPECT_EQ(std::stoi(text), received);
        }
    });
    run([&]() -> Coro<> {
        const auto make = [&] { return std::make_shared<Sends>(outcome); };
        const auto endpoint =
            co_await get_running_loop().create_datagram_endpoint(make, std::move(ours));
        co_await outcome.ended.wait();
    });
    reader.join();
    ::close(far);
    EXPECT_EQ(received, count);
    EXPECT_EQ(outcome.lost, 1);
    EXPECT_EQ(outcome.error, nullptr);
}

} // namespace
