#include <hocket/hocket.hpp>

#include "../measure.hpp"

namespace {

constexpr long items = 2'000'000;

hocket::Coro<> produce(hocket::Queue<long>& queue) {
    for (long i = 0; i < items; ++i) co_await queue.put(i);
}

hocket::Coro<> consume(hocket::Queue<long>& queue) {
    long sum = 0;
    for (long i = 0; i < items; ++i) sum += co_await queue.get();
    bench::keep(sum);
}

hocket::Coro<> hop(const char* name, std::size_t capacity) {
    hocket::Queue<long> queue(capacity);
    bench::Best best(name, items);
    while (best.next()) {
        auto producer = hocket::create_task(produce(queue));
        auto consumer = hocket::create_task(consume(queue));
        co_await producer;
        co_await consumer;
    }
}

hocket::Coro<> parent() {
    co_await hop("queue_1", 1);
    co_await hop("queue_64", 64);
}

} // namespace

int main() { hocket::run(parent()); }
