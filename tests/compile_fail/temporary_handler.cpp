// expect: hocket: in a co_await expression, this compiler destroys a temporary
#include <hocket/start_server.hpp>

hocket::Coro<> serve(std::string greeting) {
    co_await hocket::start_server(
        [greeting](hocket::StreamReader, hocket::StreamWriter) -> hocket::Coro<> { co_return; },
        "127.0.0.1", 0);
}
