#include <asio.hpp>

#include "../../measure.hpp"

namespace {

asio::awaitable<void> sleeper() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace

int main() {
    constexpr std::size_t tasks = 1'000'000;
    asio::io_context io(1);
    const std::size_t before = bench::anonymous_bytes();
    for (std::size_t i = 0; i < tasks; ++i) asio::co_spawn(io, sleeper(), asio::detached);
    io.poll();
    const std::size_t after = bench::anonymous_bytes();
    bench::print("parked", static_cast<double>(after - before) / tasks, "B");
    // This row does not measure the destruction of a million coroutines.
    std::_Exit(0);
}
