// serve DIR: a small HTTP/1.1 server for the files of a folder.
//
//     $ serve /usr/share/doc/python3-doc/html --port 8000
//     serving /usr/share/doc/python3-doc/html on http://127.0.0.1:8000/

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <hocket/hocket.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "serve/http_server.hpp"
#include "serve/options.hpp"

namespace {

using namespace std::chrono_literals;
using hocket::Coro;

/// With --certificate: what the server needs to speak TLS.
std::optional<hocket::SSLContext> tls_context(const serve::Options& options) {
    if (options.certificate.empty()) return std::nullopt;
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(options.certificate, options.key);
    return context;
}

Coro<> serve_until_stopped(serve::Options options) {
    serve::HttpServer http(options);
    hocket::Event stop;
    auto& loop = hocket::get_running_loop();
    for (const int signal : {SIGINT, SIGTERM}) loop.add_signal_handler(signal, [&] { stop.set(); });

    const auto tls = tls_context(options);
    hocket::ServerOptions server_options;
    if (tls) server_options.ssl = *tls;
    auto server = co_await hocket::start_server(
        [&http](hocket::StreamReader reader, hocket::StreamWriter writer) {
            return http.handle(std::move(reader), std::move(writer));
        },
        options.host, options.port, server_options);
    const auto ticking = hocket::create_task(http.tick());
    const bool ipv6 = options.host.find(':') != options.host.npos;
    std::printf("serving %s on %s://%s%s%s:%d/\n", options.directory.c_str(),
                tls ? "https" : "http", ipv6 ? "[" : "", options.host.c_str(), ipv6 ? "]" : "",
                server.sockets().front().port());
    std::fflush(stdout); // whoever started us may wait for this line at the end of a pipe

    co_await stop.wait();
    server.close();
    co_await http.finish(5s);
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto options = serve::parse_options({argv + 1, argv + argc});
        if (options.help) {
            std::fputs(serve::usage, stdout);
            return 0;
        }
        if (!std::filesystem::is_directory(options.directory))
            throw std::invalid_argument("\"" + options.directory + "\" is not a directory");
        hocket::run(serve_until_stopped(std::move(options)));
        return 0;
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "serve: %s (serve --help tells more)\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "serve: %s\n", error.what());
        return 1;
    }
}
