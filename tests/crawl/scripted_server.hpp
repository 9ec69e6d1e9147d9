#pragma once

#include <arpa/inet.h>
#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace crawl_tests {

/// A web server that sends exactly what a test specifies, even if that is invalid: each path has
/// its own answer. Handles one request per connection, each on its own thread.
class ScriptedServer {
public:
    /// What the server does with a connection once the request has arrived.
    using Answer = std::function<void(ScriptedServer&, int socket)>;

    ScriptedServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        ::listen(listener_, 64);
        acceptor_ = std::thread([this] { accept_connections(); });
    }

    ~ScriptedServer() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            changed_.notify_all();
        }
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        for (std::thread& thread : threads_) thread.join();
        ::close(listener_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

    /// Set all answers before the first request arrives.
    void on(const std::string& path, Answer answer) {
        const std::lock_guard lock(mutex_);
        answers_[path] = std::move(answer);
    }
    void on(const std::string& path, const std::string& bytes) {
        on(path, [bytes](ScriptedServer&, int socket) { send(socket, bytes); });
    }
    void page(const std::string& path, const std::string& html) { on(path, ok(html)); }
    /// Accepts the request and never answers it.
    void silent(const std::string& path) {
        on(path, [](ScriptedServer& server, int) { server.wait_until_stopped(); });
    }
    /// Ends the connection with a reset.
    void reset(const std::string& path) {
        on(path, [](ScriptedServer&, int socket) {
            const linger at_once{1, 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        });
    }

    static std::string ok(const std::string& html) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
               "Content-Length: " +
               std::to_string(html.size()) + "\r\n\r\n" + html;
    }
    static std::string redirect(const std::string& location) {
        return "HTTP/1.1 302 Found\r\nLocation: " + location +
               "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    }

    /// Waits until that path has been requested. Returns false if that takes more than twenty
    /// seconds.
    bool wait_for_request(const std::string& path) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20),
                                 [&] { return requested_.contains(path); });
    }

private:
    static void send(int socket, const std::string& bytes) {
        ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    void wait_until_stopped() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_; });
    }

    void accept_connections() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            threads_.emplace_back([this, socket] { answer(socket); });
        }
    }

    void answer(int socket) {
        std::string request;
        std::array<char, 4096> space;
        while (request.find("\r\n\r\n") == request.npos) {
            const ssize_t got = ::recv(socket, space.data(), space.size(), 0);
            if (got <= 0) break;
            request.append(space.data(), static_cast<std::size_t>(got));
        }
        const auto start = request.find(' ') + 1;
        const std::string path = request.substr(start, request.find(' ', start) - start);
        Answer scripted;
        {
            const std::lock_guard lock(mutex_);
            requested_.insert(path);
            changed_.notify_all();
            const auto found = answers_.find(path);
            if (found != answers_.end()) {
                scripted = found->second;
            }
        }
        if (scripted) {
            scripted(*this, socket);
        } else {
            send(socket,
                 "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
        ::close(socket);
    }

    int listener_;
    int port_ = 0;
    std::thread acceptor_;
    std::vector<std::thread> threads_;
    std::map<std::string, Answer> answers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> requested_;
    bool stopping_ = false;
};

} // namespace crawl_tests
