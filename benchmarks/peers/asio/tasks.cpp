#include <asio.hpp>

#include "../../measure.hpp"

namespace {

asio::awaitable<long> child(long value) { co_return value; }

asio::awaitable<void> parent() {
    constexpr long rounds = 200'000;
    auto executor = co_await asio::this_coro::executor;
    bench::Best best("create_task", rounds);
    long sum = 0;
    while (best.next()) {
        for (long i = 0; i < rounds; ++i)
            sum += co_await asio::co_spawn(executor, child(i), asio::use_awaitable);
    }
    bench::keep(sum);
}

} // namespace

int main() {
    asio::io_context io(1);
    asio::co_spawn(io, parent(), asio::detached);
    io.run();
}
