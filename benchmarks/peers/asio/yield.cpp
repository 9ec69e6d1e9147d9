#include <asio.hpp>

#include "../../measure.hpp"

namespace {

constexpr int tasks = 1000;
constexpr int turns = 1000;

asio::awaitable<void> worker() {
    auto executor = co_await asio::this_coro::executor;
    for (int i = 0; i < turns; ++i) co_await asio::post(executor, asio::use_awaitable);
}

} // namespace

int main() {
    asio::io_context io(1);
    bench::Best best("yield", std::size_t{tasks} * turns);
    while (best.next()) {
        for (int i = 0; i < tasks; ++i) asio::co_spawn(io, worker(), asio::detached);
        io.run();
        io.restart();
    }
}
