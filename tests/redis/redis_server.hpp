#pragma once

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/redis/options.hpp>

#include "support/temporary_folder.hpp"

/// A redis-server of the test's own, on a Unix socket in a temporary folder. It can be killed and
/// started again, and ends with this object.
class RedisServer {
public:
    /// `settings` are further arguments: {"--requirepass", "secret"}.
    explicit RedisServer(std::vector<std::string> settings = {}) : settings_(std::move(settings)) {
        start();
    }
    ~RedisServer() { kill(); }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] static bool is_installed() {
        return std::system("command -v redis-server >/dev/null 2>&1") == 0;
    }

    /// Starts it and waits until it accepts connections. Throws if it does not.
    void start() {
        std::vector<std::string> words{// It ends with the test, also if that crashes.
                                       "setpriv",      "--pdeathsig", "KILL",
                                       "redis-server", "--port",      "0",
                                       "--unixsocket", socket_path(), "--dir",
                                       folder_.path(), "--save",      "",
                                       "--appendonly", "yes",         "--appendfsync",
                                       "always",       "--loglevel",  "warning"};
        words.insert(words.end(), settings_.begin(), settings_.end());
        std::vector<char*> arguments;
        for (std::string& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, log_path().c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        const int error =
            ::posix_spawnp(&pid_, "setpriv", &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0) {
            throw std::runtime_error("redis-server cannot be started");
        }
        wait_until_it_accepts();
    }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }
    void restart() {
        kill();
        start();
    }

    [[nodiscard]] std::string socket_path() const { return folder_.path() / "redis.sock"; }
    [[nodiscard]] hocket::redis::ClientOptions options() const {
        hocket::redis::ClientOptions options;
        options.path = socket_path();
        // A busy machine may be slow.
        options.timeout = options.connect_timeout = std::chrono::seconds(60);
        options.retries = 50;
        return options;
    }

private:
    [[nodiscard]] std::string log_path() const { return folder_.path() / "log"; }
    void wait_until_it_accepts() {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        for (int attempt = 0; attempt < 6000; ++attempt) {
            const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const bool accepts =
                ::connect(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0 &&
                answers_ping(fd);
            ::close(fd);
            if (accepts) {
                return;
            }
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) == pid_) {
                pid_ = -1;
                std::ifstream log(log_path());
                throw std::runtime_error("redis-server has ended: " +
                                         std::string(std::istreambuf_iterator<char>(log), {}));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        throw std::runtime_error("redis-server does not accept connections");
    }
    /// While it reads its file, it answers everything with an error.
    [[nodiscard]] static bool answers_ping(int fd) {
        char answer[64] = {};
        return ::send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
               ::recv(fd, answer, sizeof answer - 1, 0) > 0 &&
               !std::string(answer).starts_with("-LOADING");
    }

    TemporaryFolder folder_;
    std::vector<std::string> settings_;
    pid_t pid_ = -1;
};

/// Skips the test if redis-server is not installed.
#define SKIP_WITHOUT_REDIS()                                                                       \
    if (!RedisServer::is_installed()) {                                                            \
        GTEST_SKIP() << "redis-server is not installed";                                           \
    }
