// A client with one session: requests side by side, a form, and a body that is read piece by piece.
// The server is in the same program, so that the example needs no network.
//
//     $ http_client
//     200 /square/2 4
//     200 /square/3 9
//     404 /nothing -
//     hello, Ada
//     three lines: one two three

#include <cstdio>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace http = hocket::http;

namespace {

hocket::AsyncGenerator<std::string> three_lines() {
    co_yield "one\n";
    co_yield "two\n";
    co_yield "three\n";
}

http::Router routes() {
    http::Router router;
    router.get("/square/{n:int}", [](http::Request& request) {
        const int n = request.param<int>("n");
        return http::Response::text(std::to_string(n * n));
    });
    router.post("/hello", [](http::Request& request) -> hocket::Coro<http::Response> {
        const std::string form = co_await request.body().read();
        co_return http::Response::text("hello, " + form.substr(form.find('=') + 1));
    });
    router.get("/lines",
               [](http::Request&) { return http::Response::stream(three_lines(), "text/plain"); });
    return router;
}

hocket::Coro<> use(std::string origin) {
    http::Session session({.base_url = origin});

    std::vector<hocket::Coro<http::ClientResponse>> requests;
    for (const char* path : {"/square/2", "/square/3", "/nothing"}) {
        requests.push_back(session.get(path));
    }
    for (const auto& response : co_await hocket::gather(std::move(requests))) {
        const std::string path = response.url().substr(origin.size());
        std::printf("%d %s %s\n", response.status_code(), path.c_str(),
                    response.is_success() ? response.text().c_str() : "-");
    }

    const http::QueryParams form{{"name", "Ada"}};
    const auto answer = co_await session.post("/hello", {.data = form});
    std::printf("%s\n", answer.text().c_str());

    auto streamed = co_await session.stream("GET", "/lines");
    streamed.raise_for_status();
    auto lines = streamed.aiter_lines();
    std::printf("three lines:");
    while (auto line = co_await lines.next()) std::printf(" %s", line->c_str());
    std::printf("\n");
}

} // namespace

int main() {
    hocket::run([]() -> hocket::Coro<> {
        auto server = co_await http::serve(routes(), "127.0.0.1", 0);
        co_await use("http://127.0.0.1:" + std::to_string(server.sockets().front().port()));
        co_await server.drain(std::chrono::seconds(1));
    });
}
