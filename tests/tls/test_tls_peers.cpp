// TLS with other implementations: the openssl command, curl, Python's asyncio.

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/executor.hpp>
#include <hocket/run.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/start_server.hpp>
#include <hocket/timeout.hpp>

#include "crawl/running_program.hpp"
#include "support/tls_contexts.hpp"

namespace hocket {
namespace {

using crawl_tests::RunningProgram;
using ::testing::HasSubstr;

/// The output of a shell command.
std::string output_of(const std::string& command) {
    std::string output;
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> space;
    while (const std::size_t size = std::fread(space.data(), 1, space.size(), pipe)) {
        output.append(space.data(), size);
    }
    ::pclose(pipe);
    return output;
}

Coro<> echo(StreamReader reader, StreamWriter writer) {
    std::vector<char> space(16'384);
    while (const std::size_t size = co_await reader.read_into(space)) {
        writer.write(std::string_view(space.data(), size));
        co_await writer.drain();
    }
    writer.close();
    co_await writer.wait_closed();
}

class TlsPeers : public ::testing::Test, protected TlsContexts {
protected:
    TlsPeers()
        : authority_file(folder.file("authority.pem", authority_pem())),
          server_file(pem_file(certificates::make_server(authority))) {}

    /// The output of `command`, which may use $PORT and $CA, while `handler` serves.
    template <class H> std::string serve(H handler, const std::string& command) {
        return run([&]() -> Coro<std::string> {
            ServerOptions options;
            options.ssl = server;
            Server serving = co_await start_server(handler, "127.0.0.1", 0, options);
            const std::string whole = "PORT=" + std::to_string(serving.sockets()[0].port()) +
                                      " CA=" + authority_file + "; " + command;
            const std::string output = co_await to_thread(output_of, whole);
            serving.close();
            co_await serving.wait_closed();
            co_return output;
        });
    }

    std::string authority_file;
    std::string server_file;
};

TEST_F(TlsPeers, SClientTalksToOurServer) {
    const std::string output = serve(
        [](StreamReader reader, StreamWriter writer) -> Coro<> {
            const std::string line = co_await reader.readline();
            writer.write("you said " + line);
            writer.close();
            co_await writer.wait_closed();
        },
        "echo hello | timeout 60 openssl s_client -connect 127.0.0.1:$PORT -servername "
        "example.test "
        "-verify_hostname example.test -CAfile $CA -verify_return_error -quiet");
    EXPECT_THAT(output, HasSubstr("you said hello"));
}

TEST_F(TlsPeers, SClientsOfTls12Too) {
    const std::string output = serve(
        [](StreamReader reader, StreamWriter writer) -> Coro<> {
            const std::string line = co_await reader.readline();
            writer.write("you said " + line + writer.ssl_object().version());
            writer.close();
            co_await writer.wait_closed();
        },
        "echo hello | timeout 60 openssl s_client -tls1_2 -connect 127.0.0.1:$PORT -CAfile $CA "
        "-verify_return_error -quiet");
    EXPECT_THAT(output, HasSubstr("you said hello\nTLSv1.2"));
}

TEST_F(TlsPeers, OurClientTalksToSServer) {
    RunningProgram peer({"/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                         server_file, "-rev", "-naccept", "1", "-alpn", "reversed"});
    std::smatch port;
    std::string line;
    do {
        line = peer.read_line();
    } while (!line.empty() && !std::regex_search(line, port, std::regex("ACCEPT .*:([0-9]+)")));
    ASSERT_FALSE(port.empty());
    client.set_alpn_protocols({"reversed"});
    run([&]() -> Coro<> {
        ConnectOptions options;
        options.ssl = client;
        auto [reader, writer] = co_await open_connection("127.0.0.1", std::stoi(port[1]), options);
        EXPECT_EQ(writer.ssl_object().selected_alpn_protocol(), "reversed");
        writer.write("hello\n");
        const std::string answer = co_await reader.readline();
        EXPECT_EQ(answer, "olleh\n");
        writer.close();
        co_await writer.wait_closed();
    });
}

TEST_F(TlsPeers, CurlGetsAPageFromOurServer) {
    const auto page = [](StreamReader reader, StreamWriter writer) -> Coro<> {
        const std::string request = co_await reader.readuntil("\r\n\r\n");
        writer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        writer.close();
        co_await writer.wait_closed();
    };
    const std::string to =
        "--resolve example.test:$PORT:127.0.0.1 --resolve other.test:$PORT:127.0.0.1 "
        "--max-time 60 -sS --cacert $CA ";
    EXPECT_EQ(serve(page, "curl " + to + "https://example.test:$PORT/"), "hello");
    EXPECT_THAT(serve(page, "curl " + to + "https://other.test:$PORT/"),
                HasSubstr("no alternative certificate subject name matches"));
}

TEST_F(TlsPeers, PythonsAsyncioTalksToOurServer) {
    const std::string script = folder.file("client.py", R"(
import asyncio, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=sys.argv[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]), ssl=context)
    message = bytes(i * 31 % 256 for i in range(1 << 20))
    async def send():
        for i in range(0, len(message), 10000):
            writer.write(message[i:i + 10000])
            await writer.drain()
    sending = asyncio.create_task(send())
    print(await reader.readexactly(len(message)) == message)
    await sending
    writer.close()
    await writer.wait_closed()
    print("closed")
asyncio.run(main())
)");
    EXPECT_EQ(serve(echo, "timeout 60 python3 " + script + " $CA $PORT"), "True\nclosed\n");
}

TEST_F(TlsPeers, OurClientTalksToPythonsAsyncio) {
    const std::string script = folder.file("server.py", R"(
import asyncio, ssl, sys
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()
async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1])
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
)");
    RunningProgram peer({"/usr/bin/env", "python3", script, server_file});
    const int port = std::stoi(peer.read_line());
    run([&]() -> Coro<> {
        ConnectOptions options;
        options.ssl = client;
        auto [reader, writer] = co_await open_connection("127.0.0.1", port, options);
        const std::string message(1 << 20, 'm');
        const auto send = [&message, own = writer]() mutable -> Coro<> {
            own.write(message);
            co_await own.drain();
        };
        Task<> sending = create_task(send);
        const std::string back = co_await reader.readexactly(message.size());
        EXPECT_TRUE(back == message);
        co_await sending;
        writer.close();
        co_await writer.wait_closed();
    });
}

} // namespace
} // namespace hocket
