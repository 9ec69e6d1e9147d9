#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "crawl/client_socket.hpp"

namespace http_tests {

namespace http = hocket::http;
using crawl_tests::ClientSocket;

/// A server on a loop in a thread of its own, so that a test can be a blocking client.
class RunningServer {
public:
    explicit RunningServer(http::Router router, http::ServeOptions options = {}, int loops = -1) {
        std::promise<int> port;
        auto listening = port.get_future();
        thread_ = std::thread([this, router, options, loops, &port] {
            hocket::run([&]() -> hocket::Coro<> { co_await serve(router, options, loops, port); });
        });
        port_ = listening.get();
    }
    ~RunningServer() { stop(); }
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] hocket::EventLoop& loop() const { return *loop_; }

    /// What was passed to the loop's exception handler, once the server is stopped.
    [[nodiscard]] const std::vector<std::string>& reports() const { return reports_; }

    /// Drains the server. Returns whether all connections ended within `grace`.
    bool stop(std::chrono::nanoseconds grace = std::chrono::milliseconds(0)) {
        if (thread_.joinable()) {
            grace_ = grace;
            loop_->call_soon_threadsafe([this] { stop_->set(); });
            thread_.join();
        }
        return drained_;
    }
    /// The same, without waiting for the end.
    void begin_stop(std::chrono::nanoseconds grace) {
        grace_ = grace;
        loop_->call_soon_threadsafe([this] { stop_->set(); });
    }

    /// Sends bytes, and returns everything received until the server closes the connection.
    [[nodiscard]] std::string exchange(std::string_view bytes) const {
        const ClientSocket client(port_);
        client.send(bytes);
        return client.receive_all();
    }
    /// The same for one request that ends the connection.
    [[nodiscard]] std::string request(const std::string& line, const std::string& fields = "",
                                      const std::string& body = "") const {
        return exchange(line + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + fields + "\r\n" +
                        body);
    }

private:
    hocket::Coro<> serve(http::Router router, http::ServeOptions options, int loops,
                         std::promise<int>& port) {
        hocket::Event stop;
        stop_ = &stop;
        loop_ = &hocket::get_running_loop();
        loop_->set_exception_handler(
            [this](hocket::EventLoop&, const hocket::ExceptionContext& context) {
                reports_.push_back(context.message);
            });
        hocket::Server server =
            loops < 0 ? co_await http::serve(router, "127.0.0.1", 0, options)
                      : co_await http::serve_on(router, "127.0.0.1", 0, loops, options);
        port.set_value(server.sockets().front().port());
        co_await stop.wait();
        drained_ = co_await server.drain(grace_);
    }

    std::thread thread_;
    int port_ = 0;
    hocket::EventLoop* loop_ = nullptr;
    hocket::Event* stop_ = nullptr;
    std::chrono::nanoseconds grace_{};
    bool drained_ = false;
    std::vector<std::string> reports_;
};

inline std::string status_of(const std::string& response) {
    return response.size() > 12 ? response.substr(9, 3) : response;
}
inline std::string body_of(const std::string& response) {
    const std::size_t end = response.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : response.substr(end + 4);
}

} // namespace http_tests
