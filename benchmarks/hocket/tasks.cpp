#include <hocket/hocket.hpp>

#include "../measure.hpp"

namespace {

hocket::Coro<long> child(long value) { co_return value; }

hocket::Coro<> parent() {
    constexpr long rounds = 1'000'000;
    bench::Best best("create_task", rounds);
    long sum = 0;
    while (best.next()) {
        for (long i = 0; i < rounds; ++i) sum += co_await hocket::create_task(child(i));
    }
    bench::keep(sum);
}

} // namespace

int main() { hocket::run(parent()); }
