#include <asio.hpp>
#include <asio/experimental/channel.hpp>

#include "../../measure.hpp"

namespace {

using Channel = asio::experimental::channel<void(asio::error_code, long)>;

constexpr long items = 200'000;

asio::awaitable<void> produce(Channel& channel) {
    for (long i = 0; i < items; ++i)
        co_await channel.async_send(asio::error_code(), i, asio::use_awaitable);
}

asio::awaitable<void> consume(Channel& channel) {
    long sum = 0;
    for (long i = 0; i < items; ++i) sum += co_await channel.async_receive(asio::use_awaitable);
    bench::keep(sum);
}

void hop(const char* name, std::size_t capacity) {
    asio::io_context io(1);
    Channel channel(io, capacity);
    bench::Best best(name, items);
    while (best.next()) {
        asio::co_spawn(io, produce(channel), asio::detached);
        asio::co_spawn(io, consume(channel), asio::detached);
        io.run();
        io.restart();
    }
}

} // namespace

int main() {
    hop("queue_1", 1);
    hop("queue_64", 64);
}
