// However the requests are cut into pieces, the server must answer the same, and the parser must
// find the same bodies.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

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

/// Not TCP: connections that were closed would use up the ports.
const std::string& path() {
    static const std::string path = std::filesystem::temp_directory_path() /
                                    ("hocket_fuzz_http_server." + std::to_string(::getpid()));
    return path;
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

struct Answer {
    std::string text; ///< Without the date and the Connection field.
    bool closes = false;

    [[nodiscard]] bool refuses() const { return closes && text[9] >= '4'; }
};

/// The answers of a connection, without what asks for bodies.
std::vector<Answer> split_answers(std::string text) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    erase_all(text, "HTTP/1.1 100 Continue\r\n\r\n", "");
    erase_all(text, "\r\nDate: ", "\r\n");
    std::vector<Answer> answers;
    while (!text.empty()) {
        const std::size_t end = text.find(begin, 1);
        std::string answer = text.substr(0, end);
        text.erase(0, end);
        const std::size_t all = answer.size();
        erase_all(answer, "\r\nConnection: close", "\r\n");
        answers.push_back({answer, answer.size() != all});
    }
    return answers;
}

/// Which of several errors is found first depends on the pieces. So does whether the connection can
/// stay open after an answer to a request whose body was not read: it does if all of the body had
/// been received.
bool agree(const std::vector<Answer>& some, const std::vector<Answer>& others) {
    const std::size_t both = std::min(some.size(), others.size());
    for (std::size_t i = 0; i < both; ++i) {
        const bool are_refused = some[i].refuses() && others[i].refuses();
        if (some[i].text != others[i].text && !are_refused) return false;
    }
    const std::vector<Answer>& fewer = some.size() == both ? some : others;
    return some.size() == others.size() || (both > 0 && fewer.back().closes);
}

/// What the server answers to `pieces`, one after the other, and the end of the stream.
hocket::Coro<std::string> exchange(std::vector<std::string_view> pieces) {
    auto [reader, writer] = co_await hocket::open_unix_connection(path());
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
    co_return answer;
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
    hocket::Server server = co_await http::serve_unix(router, path(), options());
    const std::string whole = co_await exchange({text});
    const std::string pieces = co_await exchange(cut(text, seed));
    const bool is_reset = whole == "reset" || pieces == "reset";
    if (!is_reset && !agree(split_answers(whole), split_answers(pieces))) {
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
