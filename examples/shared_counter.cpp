// Memory that processes share. A SharedValue changes atomically, in any process. A SharedArray
// needs a ProcessLock if several processes change the same element. Both cross as arguments without
// a copy.
//
//     $ shared_counter
//     4 workers have thrown 40000 dice
//     the six sides came up 40000 times in all

#include <cstdio>
#include <hocket/process_lock.hpp>
#include <hocket/process_pool_executor.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <numeric>
#include <random>
#include <vector>

using Sides = hocket::SharedArray<long>;

void throw_dice(unsigned seed, int times, const hocket::SharedValue<long>& thrown,
                const Sides& sides, const hocket::ProcessLock& lock) {
    std::mt19937 random(seed);
    for (int i = 0; i < times; ++i) {
        const auto side = random() % sides.size();
        thrown.fetch_add(1);
        // Without the lock two workers might read the same number, and one throw would be lost.
        const auto guard = lock.scoped();
        ++sides[side];
    }
}

int main() {
    const hocket::SharedValue<long> thrown(0);
    const Sides sides(6);
    const hocket::ProcessLock lock;

    hocket::ProcessPoolExecutor pool(4);
    std::vector<hocket::Future<void>> workers;
    for (unsigned seed = 1; seed <= 4; ++seed)
        workers.push_back(pool.submit(throw_dice, seed, 10'000, thrown, sides, lock));
    for (auto& worker : workers) worker.result();

    std::printf("4 workers have thrown %ld dice\n", thrown.load());
    std::printf("the six sides came up %ld times in all\n",
                std::accumulate(sides.begin(), sides.end(), 0L));
}
