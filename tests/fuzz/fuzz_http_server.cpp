// However the requests are cut into pieces, the server must answer the same, and the parser must
// find the same bodies.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

/// Small, so that the fuzzer reaches them.
http::ServeOptions options() {
    http::ServeOptions options;
    options.limits.target = 64;
    options.limits.head = 256;
    options.limits.fields = 6;
    options.limits.body = 128;
    options.limits.buffer = 64;
    return options;
}

http::Router routes() {
    http::Router router;
    router.get("/now", [](http::Request& request) {
        return http::Response::text(std::string(request.query()) +
                                    std::to_string(request.headers().size()));
    });
    router.get("/{name}/{rest:path}", [](http::Request& request) -> hocket::Coro<http::Response> {
        co_return http::Response::text(std::string(request.param("name")) + "|" +
                                       std::string(request.param("rest")));
    });
    router.post("/", [](http::Request& request) -> hocket::Coro<http::Response> {
        std::string body = co_await request.body().read();
        for (const auto field : request.trailers()) {
            body += std::string(field.name) + "=" + std::string(field.value);
        }
        co_return http::Response::text(std::move(body));
    });
    router.post("/ignore", [](http::Request&) { return http::Response::text("ignored"); });
    return router;
}

void erase_all(std::string& text, std::string_view begin, std::string_view end) {
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
        const std::size_t last = text.find(end, at + begin.size());
        text.erase(at, last == std::string::npos ? last : last - at);
    }
}

/// Answers without what depends on the time and on the pieces: dates, whether the client was asked
/// for a body, whether its end had been seen, and which of several errors was found first.
std::string normalised(std::string text) {
    erase_all(text, "\r\nDate: ", "\r\n");
    erase_all(text, "HTTP/1.1 100 Continue\r\n\r\n", "");
    const std::size_t last = text.rfind("HTTP/1.1 ");
    if (last != std::string::npos && text[last + 9] >= '4' &&
        text.find("\r\nConnection: close\r\n", last) != std::string::npos) {
        text.replace(last, std::string::npos, "refused");
    }
    erase_all(text, "\r\nConnection: close", "\r\n");
    return text;
}

/// What the server answers to `pieces`, one after the other, and the end of the stream.
hocket::Coro<std::string> exchange(int port, std::vector<std::string_view> pieces) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    std::string answer;
    try {
        for (const auto piece : pieces) {
            writer.write(piece);
            // A few turns, so that the server gets the piece alone.
            for (int i = 0; i < 3; ++i) co_await hocket::sleep(std::chrono::seconds(0));
        }
        writer.write_eof();
        answer = co_await reader.read();
    } catch (const std::system_error&) {
        // The server closed the connection while pieces were left.
        answer = "reset";
    }
    writer.close();
    co_return normalised(std::move(answer));
}

std::vector<std::string_view> cut(std::string_view bytes, std::uint32_t seed) {
    std::vector<std::string_view> pieces;
    while (!bytes.empty()) {
        seed = seed * 1664525u + 1013904223u;
        const std::size_t size = 1 + (seed >> 24) % 16;
        pieces.push_back(bytes.substr(0, size));
        bytes.remove_prefix(pieces.back().size());
    }
    return pieces;
}

hocket::Coro<> compare(std::string_view text, std::uint32_t seed) {
    const http::Router router = routes();
    hocket::Server server = co_await http::serve(router, "127.0.0.1", 0, options());
    const int port = server.sockets().front().port();
    const std::string whole = co_await exchange(port, {text});
    const std::string pieces = co_await exchange(port, cut(text, seed));
    if (whole != pieces && whole != "reset" && pieces != "reset") {
        std::fprintf(stderr, "in one piece:\n%s\ncut up:\n%s\n", whole.c_str(), pieces.c_str());
        std::abort();
    }
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 4 || size > 2048) return 0;
    const std::uint32_t seed =
        bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 4, size - 4);
    static hocket::Runner runner;
    runner.run(compare(text, seed));
    return 0;
}
