#include <hocket/hocket.hpp>

#include "../measure.hpp"

namespace {

hocket::Coro<> parent() {
    constexpr long rounds = 5'000'000;
    hocket::Lock lock;
    bench::Best best("lock", rounds);
    while (best.next()) {
        for (long i = 0; i < rounds; ++i) {
            co_await lock.acquire();
            bench::keep(lock);
            lock.release();
        }
    }
}

} // namespace

int main() { hocket::run(parent()); }
