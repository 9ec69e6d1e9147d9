// expect: hocket: in a co_await expression, this compiler destroys a temporary
#include <hocket/gather.hpp>

hocket::Coro<> work(std::string text) {
    co_await hocket::gather(hocket::create_task([text]() -> hocket::Coro<> { co_return; }));
}
