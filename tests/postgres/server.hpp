#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace postgres_test {

/// The folder of Debian's postgres and initdb; empty if there is no server on this machine.
inline std::filesystem::path server_programs() {
    std::filesystem::path newest;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
        const auto folder = entry.path() / "bin";
        if (std::filesystem::exists(folder / "postgres") && folder > newest) {
            newest = folder;
        }
    }
    return newest;
}

/// A PostgreSQL server of this test program, in a folder of its own. It listens on a Unix socket in
/// the folder and on a free TCP port. It ends with this process, whatever ends that.
class Server {
public:
    struct File {
        std::string name;
        std::string text;
    };
    /// `settings` are lines of postgresql.conf. `files` are put into the folder of the data, where
    /// pg_hba.conf, server.crt and server.key have their places.
    explicit Server(std::vector<std::string> settings = {"fsync = off"},
                    const std::vector<File>& files = {}) {
        if (::geteuid() == 0) { // the server refuses to run as root
            const passwd* const user = ::getpwnam("postgres");
            owner_ = user != nullptr ? user : ::getpwnam("nobody");
            uid_ = owner_->pw_uid;
            gid_ = owner_->pw_gid;
            if (::chown(folder_.path().c_str(), uid_, gid_) != 0) {
                throw std::system_error(errno, std::system_category(), "chown");
            }
        }
        run_to_end({program("initdb"), "-D", data(), "-A", "trust", "-U", "postgres", "-N",
                    "--no-locale", "-E", "UTF8"});
        port_ = free_port();
        std::ofstream file(data() + "/postgresql.conf", std::ios::app);
        file << "\nunix_socket_directories = '" << folder_.path().string()
             << "'\nlisten_addresses = '127.0.0.1'\nport = " << port_
             << "\nmax_connections = 60\nshared_buffers = 16MB\nmax_wal_size = 64MB\n";
        for (const std::string& line : settings) {
            file << line << '\n';
        }
        file.close();
        for (const File& added : files) {
            const std::string path = data() + "/" + added.name;
            std::ofstream(path) << added.text;
            // It reads no key that others could read.
            if (::chmod(path.c_str(), 0600) != 0 ||
                (owner_ != nullptr && ::chown(path.c_str(), uid_, gid_) != 0)) {
                throw std::system_error(errno, std::system_category(), path);
            }
        }
        start();
    }
    ~Server() {
        if (pid_ > 0) {
            signal_and_wait(SIGQUIT);
        }
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// One server for a test program.
    static Server& shared() {
        static Server server;
        return server;
    }

    [[nodiscard]] std::string dsn() const {
        return "host=" + folder_.path().string() + " port=" + std::to_string(port_) +
               " user=postgres dbname=postgres";
    }
    [[nodiscard]] std::string tcp_dsn(const std::string& host = "127.0.0.1") const {
        return "host=" + host + " port=" + std::to_string(port_) +
               " user=postgres dbname=postgres sslmode=disable";
    }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string data() const { return (folder_.path() / "data").string(); }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
    [[nodiscard]] uid_t uid() const { return uid_; }
    [[nodiscard]] gid_t gid() const { return gid_; }

    /// Ends all its processes at once, as a power failure would.
    void kill() {
        ::kill(-pid_, SIGKILL);
        wait();
        // The children of the postmaster are not ours, and hold its shared memory until they end.
        while (::kill(-group_, 0) == 0) {
            std::this_thread::yield();
        }
    }
    void start() {
        pid_ = spawn({program("postgres"), "-D", data()});
        group_ = pid_;
        while (::PQping(dsn().c_str()) != PQPING_OK) {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) == pid_) {
                pid_ = -1;
                throw std::runtime_error("the PostgreSQL server ended; see " + log());
            }
            std::this_thread::yield();
        }
    }

private:
    [[nodiscard]] static std::string program(const char* name) {
        return (server_programs() / name).string();
    }
    [[nodiscard]] std::string log() const { return (folder_.path() / "log").string(); }

    static int free_port() {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        const int on = 1; // other tests may have used up the ports that are free for longer
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::system_error(errno, std::system_category(), "bind");
        }
        ::close(fd);
        return ntohs(address.sin_port);
    }

    pid_t spawn(const std::vector<std::string>& command) {
        std::vector<char*> words;
        for (const std::string& word : command) {
            words.push_back(const_cast<char*>(word.c_str()));
        }
        words.push_back(nullptr);
        const std::string output = log();
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::setpgid(0, 0);
            const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
            ::dup2(fd, 1);
            ::dup2(fd, 2);
            if (uid_ != 0 &&
                (::setgroups(0, nullptr) != 0 || ::setgid(gid_) != 0 || ::setuid(uid_) != 0)) {
                ::_exit(98);
            }
            ::prctl(PR_SET_PDEATHSIG, SIGQUIT); // after setuid, which clears it
            ::execv(words[0], words.data());
            ::_exit(99);
        }
        if (pid < 0) {
            throw std::system_error(errno, std::system_category(), "fork");
        }
        ::setpgid(pid, pid);
        return pid;
    }
    void run_to_end(const std::vector<std::string>& command) {
        const pid_t pid = spawn(command);
        int status = 0;
        ::waitpid(pid, &status, 0);
        if (status != 0) {
            std::ifstream text(log());
            throw std::runtime_error(
                command[0] + " failed: " + std::string(std::istreambuf_iterator<char>(text), {}));
        }
    }
    void signal_and_wait(int signal) {
        ::kill(pid_, signal);
        wait();
    }
    void wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }

    TemporaryFolder folder_;
    const passwd* owner_ = nullptr;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    pid_t pid_ = -1;
    pid_t group_ = -1;
    int port_ = 0;
};

/// A test that needs the server.
class PostgresTest : public testing::Test {
protected:
    void SetUp() override {
        if (server_programs().empty()) {
            GTEST_SKIP() << "no PostgreSQL server on this machine (on Debian: postgresql)";
        }
    }
};

} // namespace postgres_test
