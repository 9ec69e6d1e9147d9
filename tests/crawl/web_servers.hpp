#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crawl/client_socket.hpp"
#include "crawl/running_program.hpp"
#include "crawl/temporary_folder.hpp"

namespace crawl_tests {

/// Runs examples/serve on a free port.
class ServeProgram {
public:
    explicit ServeProgram(const std::string& folder, std::vector<std::string> options = {})
        : program_(arguments(folder, std::move(options))) {
        const std::string line = program_.read_line();
        const auto colon = line.rfind(':');
        if (!line.starts_with("serving ") || colon == line.npos) {
            ADD_FAILURE() << "serve did not start: " << line;
        } else {
            port_ = std::atoi(line.c_str() + colon + 1);
            scheme_ = line.find(" on https://") == line.npos ? "http" : "https";
        }
    }

    int port() const { return port_; }
    std::string origin() const { return scheme_ + "://127.0.0.1:" + std::to_string(port_); }
    RunningProgram& program() { return program_; }

private:
    static std::vector<std::string> arguments(const std::string& folder,
                                              std::vector<std::string> options) {
        std::vector<std::string> all{example("serve"), folder, "--port", "0"};
        all.insert(all.end(), options.begin(), options.end());
        return all;
    }

    RunningProgram program_;
    std::string scheme_;
    int port_ = 0;
};

/// nginx, configured to serve a folder unchanged, as the user who runs the test. With a file that
/// contains a certificate and its key, it uses TLS. `listen` are further words for its port.
class Nginx {
public:
    explicit Nginx(const std::string& folder, std::string certificate = {}, std::string listen = {})
        : certificate_(std::move(certificate)), listen_(std::move(listen)) {
        const std::string executable = find_executable();
        if (executable.empty()) {
            ADD_FAILURE() << "nginx is not installed: apt-get install nginx-light";
            return;
        }
        // nginx cannot pick a free port itself, and another program may take the chosen one first.
        for (int attempt = 0; attempt < 5 && !running_; ++attempt) start(executable, folder);
        if (!running_) ADD_FAILURE() << "nginx did not start";
    }

    std::string origin() const {
        return (certificate_.empty() ? "http" : "https") + std::string("://127.0.0.1:") +
               std::to_string(port_);
    }
    int port() const { return port_; }

private:
    static std::string find_executable() {
        for (const char* path : {"/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"})
            if (std::filesystem::exists(path)) return path;
        return {};
    }

    void start(const std::string& executable, const std::string& folder) {
        port_ = free_port();
        const std::string home = home_.path().string();
        home_.write("nginx.conf", configuration(home, folder));
        program_.emplace(std::vector<std::string>{executable, "-p", home, "-c",
                                                  home + "/nginx.conf", "-e", home + "/error.log"});
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!running_ && std::chrono::steady_clock::now() < deadline) {
            running_ = ClientSocket(port_).connected();
            // nginx does not report when it listens, so keep trying.
            if (!running_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::string configuration(const std::string& home, const std::string& folder) const {
        std::string text = "daemon off;\nmaster_process off;\npid " + home + "/pid;\n";
        text += "events { worker_connections 512; }\nhttp {\n"
                "  access_log off;\n  default_type application/octet-stream;\n"
                "  types { text/html html htm; text/css css; text/plain txt py; }\n";
        for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            text += std::string("  ") + kind + "_temp_path " + home + "/" + kind + ";\n";
        text += "  server { listen 127.0.0.1:" + std::to_string(port_);
        if (!certificate_.empty())
            text += " ssl " + listen_ + "; ssl_certificate " + certificate_ +
                    "; ssl_certificate_key " + certificate_;
        return text + "; root " + folder + "; }\n}\n";
    }

    std::string certificate_;
    std::string listen_;
    TemporaryFolder home_;
    std::optional<RunningProgram> program_;
    int port_ = 0;
    bool running_ = false;
};

} // namespace crawl_tests
