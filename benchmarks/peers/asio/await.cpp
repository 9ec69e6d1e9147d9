#include <asio.hpp>

#include "../../measure.hpp"

namespace {

[[gnu::noinline]] asio::awaitable<long> child(long value) { co_return value; }

asio::awaitable<void> parent() {
    constexpr long rounds = 2'000'000;
    bench::Best best("await", rounds);
    long sum = 0;
    while (best.next()) {
        for (long i = 0; i < rounds; ++i) sum += co_await child(i);
    }
    bench::keep(sum);
}

} // namespace

int main() {
    asio::io_context io(1);
    asio::co_spawn(io, parent(), asio::detached);
    io.run();
}
