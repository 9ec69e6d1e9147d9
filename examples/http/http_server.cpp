// A server with routes: path parameters, a body, an error, and an answer that is made piece by
// piece. The client is in the same program, so that the example ends by itself.
//
//     $ http_server
//     GET /users/7           200 user 7
//     GET /users/x           404 404 Not Found
//     POST /users            201 created Ada
//     GET /countdown         200 3, 2, 1, done
//     GET /broken            409 409 Conflict: try again later

#include <cstdio>
#include <string>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace http = hocket::http;

namespace {

using namespace std::chrono_literals;

hocket::AsyncGenerator<std::string> count_down() {
    for (int n = 3; n > 0; --n) {
        co_yield std::to_string(n) + ", ";
        co_await hocket::sleep(1ms);
    }
    co_yield "done";
}

http::Router routes() {
    http::Router router;
    // A function that does not wait.
    router.get("/users/{id:int}", [](http::Request& request) {
        return http::Response::text("user " + std::string(request.param("id")));
    });
    // A coroutine.
    router.post("/users", [](http::Request& request) -> hocket::Coro<http::Response> {
        const std::string name = co_await request.body().read();
        co_return http::Response::text("created " + name, 201);
    });
    router.get("/countdown",
               [](http::Request&) { return http::Response::stream(count_down(), "text/plain"); });
    router.get("/broken", [](http::Request&) -> http::Response {
        throw http::StatusError(409, "try again later");
    });
    return router;
}

/// Sends a request of HTTP/1.0, whose answer ends with the connection, and prints the answer.
hocket::Coro<> ask(int port, std::string line, std::string body) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    writer.write(line + " HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                 body);
    const std::string answer = co_await reader.read();
    std::string text = answer.substr(answer.find("\r\n\r\n") + 4);
    if (text.ends_with('\n')) text.pop_back();
    std::printf("%-22s %s %s\n", line.c_str(), answer.substr(9, 3).c_str(), text.c_str());
    writer.close();
}

hocket::Coro<> program() {
    hocket::Server server = co_await http::serve(routes(), "127.0.0.1", 0);
    const int port = server.sockets().front().port();
    co_await ask(port, "GET /users/7", "");
    co_await ask(port, "GET /users/x", "");
    co_await ask(port, "POST /users", "Ada");
    co_await ask(port, "GET /countdown", "");
    co_await ask(port, "GET /broken", "");
    co_await server.drain(5s);
}

} // namespace

int main() { hocket::run(program()); }
