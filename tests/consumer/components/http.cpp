#include <hocket/hocket.hpp>
#include <hocket/http.hpp>
#include <iostream>
#include <string>

hocket::Coro<> program() {
    hocket::http::Router router;
    router.get("/{number:int}", [](hocket::http::Request& request) {
        return hocket::http::Response::text(std::string(request.param("number")));
    });
    auto server = co_await hocket::http::serve(router, "127.0.0.1", 0);
    const std::string url =
        "http://127.0.0.1:" + std::to_string(server.sockets().front().port()) + "/";
    hocket::http::Session session;
    const auto three = co_await session.get(url + "3");
    const auto seven = co_await session.get(url + "7");
    std::cout << three.text() << ' ' << seven.text() << '\n';
}

int main() { hocket::run(program()); }
