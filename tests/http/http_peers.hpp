#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/hocket.hpp>

#include "crawl/running_program.hpp"

namespace http_tests {

/// A program of Debian's Python, which prints its port.
class PythonPeer {
public:
    explicit PythonPeer(const std::string& script, std::vector<std::string> arguments = {})
        : program_(command(script, std::move(arguments))) {
        const std::string line = program_.read_line();
        if (line.empty()) {
            ADD_FAILURE() << script << " did not start; it needs python3-aiohttp and "
                          << "python3-websockets";
        }
        port_ = std::atoi(line.c_str());
    }

    int port() const { return port_; }
    std::string url(const std::string& path, const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
    }
    crawl_tests::RunningProgram& program() { return program_; }

private:
    static std::vector<std::string> command(const std::string& script,
                                            std::vector<std::string> arguments) {
        std::vector<std::string> all{"/usr/bin/python3", HOCKET_HTTP_TESTS_DIR "/" + script};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }

    crawl_tests::RunningProgram program_;
    int port_ = 0;
};

/// Shared by the tests of a program.
inline PythonPeer& http_peer() {
    static PythonPeer peer("http_peer.py");
    return peer;
}

/// A server on the test's loop that does with a connection what a test tells it.
class ScriptedServer {
public:
    using Handler = std::function<hocket::Coro<>(hocket::StreamReader, hocket::StreamWriter)>;

    static hocket::Coro<std::unique_ptr<ScriptedServer>>
    start(Handler handler, hocket::ServerOptions options = {}, int port = 0) {
        // Connections that end in the middle of everything are what the tests are about.
        auto patient = [handler](hocket::StreamReader reader,
                                 hocket::StreamWriter writer) -> hocket::Coro<> {
            try {
                co_await handler(reader, writer);
            } catch (const hocket::IncompleteReadError&) {
            } catch (const std::system_error&) {
            }
        };
        hocket::Coro<hocket::Server> starting =
            hocket::start_server(patient, "127.0.0.1", port, options);
        hocket::Server server = co_await std::move(starting);
        co_return std::make_unique<ScriptedServer>(std::move(server));
    }

    explicit ScriptedServer(hocket::Server server)
        : server_(std::move(server)), port_(server_.sockets().front().port()) {}
    ~ScriptedServer() {
        server_.close();
        server_.abort_clients();
    }

    int port() const { return port_; }
    std::string url(const std::string& path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    hocket::Server& server() { return server_; }

private:
    hocket::Server server_;
    int port_;
};

/// Answers every request of a connection, which must have no body, with the same bytes.
inline ScriptedServer::Handler answering(std::string answer) {
    return [answer](hocket::StreamReader reader, hocket::StreamWriter writer) -> hocket::Coro<> {
        for (;;) {
            const std::string head = co_await reader.readuntil("\r\n\r\n");
            writer.write(answer);
            co_await writer.drain();
        }
    };
}

/// "HTTP/1.1 200 OK" with this body.
inline std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace http_tests
