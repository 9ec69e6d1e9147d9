#include <hocket/hocket.hpp>

#include "../measure.hpp"

namespace {

[[gnu::noinline]] hocket::Coro<long> child(long value) { co_return value; }

hocket::Coro<> parent() {
    constexpr long rounds = 5'000'000;
    bench::Best best("await", rounds);
    long sum = 0;
    while (best.next()) {
        for (long i = 0; i < rounds; ++i) sum += co_await child(i);
    }
    bench::keep(sum);
}

} // namespace

int main() { hocket::run(parent()); }
