// serve DIR: a small HTTP/1.1 server for the files of a folder.
//
//     $ serve /usr/share/doc/python3-doc/html --port 8000
//     serving /usr/share/doc/python3-doc/html on http://127.0.0.1:8000/

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <hocket/hocket.hpp>
#include <hocket/http.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "serve/options.hpp"

namespace {

using namespace std::chrono_literals;
using hocket::Coro;
namespace http = hocket::http;

/// With --certificate: what the server needs to speak TLS.
std::optional<hocket::SSLContext> tls_context(const serve::Options& options) {
    if (options.certificate.empty()) return std::nullopt;
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(options.certificate, options.key);
    return context;
}

/// The files below the folder, each after the delay, as a distant site would send them.
http::Router routes(const serve::Options& options) {
    http::Router router;
    http::StaticFiles files(options.directory, {.symlinks = http::Symlinks::follow});
    if (options.delay == 0ms) {
        router.get("/{path:path}", files);
        return router;
    }
    router.get(
        "/{path:path}",
        [files, delay = options.delay](http::Request& request) mutable -> Coro<http::Response> {
            co_await hocket::sleep(delay);
            http::Response response;
            if (files.answer_now(request, response)) co_return response;
            co_return co_await files.answer(request);
        });
    return router;
}

Coro<> serve_until_stopped(serve::Options options) {
    hocket::Event stop;
    auto& loop = hocket::get_running_loop();
    for (const int signal : {SIGINT, SIGTERM}) loop.add_signal_handler(signal, [&] { stop.set(); });

    const auto tls = tls_context(options);
    http::ServeOptions serve_options;
    if (tls) serve_options.server.ssl = *tls;
    serve_options.limits.idle_time = options.idle_timeout;
    serve_options.limits.head_time = options.head_timeout;
    auto server = co_await http::serve(routes(options), options.host, options.port, serve_options);
    const bool ipv6 = options.host.find(':') != options.host.npos;
    std::printf("serving %s on %s://%s%s%s:%d/\n", options.directory.c_str(),
                tls ? "https" : "http", ipv6 ? "[" : "", options.host.c_str(), ipv6 ? "]" : "",
                server.sockets().front().port());
    std::fflush(stdout); // whoever started us may wait for this line at the end of a pipe

    co_await stop.wait();
    co_await server.drain(5s);
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
