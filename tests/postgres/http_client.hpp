#pragma once

#include <optional>
#include <string>
#include <system_error>

#include <hocket/hocket.hpp>

namespace postgres_test {

struct Answer {
    int status = 0;
    std::string head = {};
    std::string body = {};
};

/// A connection that sends one request after the other. Unlike Session, it knows whether a
/// connection has ended before the first byte of an answer or within it.
class HttpClient {
public:
    static hocket::Coro<HttpClient> connect(int port) {
        auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
        co_return HttpClient(std::move(reader), std::move(writer));
    }

    /// Returns nothing if the server has closed the connection without an answer. Throws
    /// IncompleteReadError if the answer is not complete.
    hocket::Coro<std::optional<Answer>> ask(std::string method, std::string path,
                                            std::string body = "") {
        send(head(method, path, body.size()) + "\r\n" + body);
        return receive();
    }
    /// Returns when a handler waits for the body.
    hocket::Coro<> announce(std::string method, std::string path, std::size_t size) {
        send(head(method, path, size) + "Expect: 100-continue\r\n\r\n");
        co_await reader_.readuntil("100 Continue\r\n\r\n");
    }
    void send(const std::string& bytes) { writer_.write(bytes); }
    hocket::Coro<std::optional<Answer>> receive() {
        Answer answer;
        try {
            answer.head = co_await reader_.readuntil("\r\n\r\n");
        } catch (const hocket::IncompleteReadError& error) {
            if (!error.partial().empty()) {
                throw;
            }
            co_return std::nullopt;
        } catch (const std::system_error&) { // reset, because it had not read the request
            co_return std::nullopt;
        }
        answer.status = std::stoi(answer.head.substr(9, 3));
        const std::string field = "Content-Length: ";
        if (const auto at = answer.head.find(field); at != std::string::npos) {
            answer.body =
                co_await reader_.readexactly(std::stoul(answer.head.substr(at + field.size())));
        }
        co_return answer;
    }

private:
    HttpClient(hocket::StreamReader reader, hocket::StreamWriter writer)
        : reader_(std::move(reader)), writer_(std::move(writer)) {}
    static std::string head(const std::string& method, const std::string& path, std::size_t size) {
        return method + " " + path +
               " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n";
    }

    hocket::StreamReader reader_;
    hocket::StreamWriter writer_;
};

} // namespace postgres_test
