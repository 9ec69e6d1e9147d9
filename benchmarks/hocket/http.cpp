// A server for the HTTP rows: `hocket_http PORT FOLDER` answers /hello (a coroutine), /plain (a
// function that does not wait), and /files/ with the files of the folder.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <hocket/http.hpp>
#include <hocket/run.hpp>

namespace http = hocket::http;

namespace {

hocket::Coro<http::Response> hello(http::Request&) {
    co_return http::Response::text("hello, world\n");
}

http::Response plain(http::Request&) { return http::Response::text("hello, world\n"); }

hocket::Coro<> serve(int port, std::string folder) {
    http::Router router;
    router.get("/hello", hello);
    router.get("/plain", plain);
    router.get("/files/{path:path}", http::StaticFiles(folder));
    hocket::Server server = co_await http::serve(router, "127.0.0.1", port);
    co_await server.wait_closed();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT FOLDER\n", argv[0]), 2;
    hocket::run(serve(std::atoi(argv[1]), argv[2]));
}
