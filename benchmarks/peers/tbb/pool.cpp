#include <cstddef>
#include <utility>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include "../../measure.hpp"

namespace {

constexpr std::size_t tasks = 1'000'000;
constexpr std::size_t floats = 1'000'000;

void empty_tasks() {
    tbb::task_group group;
    bench::Best best("post", tasks, 4, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < tasks; ++i) group.run([] {});
        group.wait();
    }
}

template <class Partitioner>
void loop(const char* name, std::size_t size, std::size_t grain, int rounds,
          const Partitioner& partitioner) {
    std::vector<float> values(size, 1.0F);
    // Many short batches, to fit between the time slices of other processes.
    bench::Best best(name, static_cast<std::size_t>(rounds), 100, bench::Clock::wall);
    while (best.next()) {
        for (int i = 0; i < rounds; ++i) {
            tbb::parallel_for(
                tbb::blocked_range<std::size_t>(0, size, grain),
                [&values](const tbb::blocked_range<std::size_t>& range) {
                    for (std::size_t k = range.begin(); k != range.end(); ++k)
                        values[k] = values[k] * 0.5F + 1.0F;
                },
                partitioner);
        }
    }
    bench::keep(values);
}

long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    long b = 0;
    tbb::parallel_invoke([&] { a = fib(n - 1); }, [&] { b = fib(n - 2); });
    return a + b;
}

} // namespace

int main() {
    empty_tasks();
    loop("for_default", floats, 1, 5, tbb::auto_partitioner());
    loop("for_grain_1", floats, 1, 1, tbb::simple_partitioner());
    loop("for_two", 2, 1, 1'000, tbb::auto_partitioner());
    bench::Best best("fib_34", 1, 3, bench::Clock::wall);
    while (best.next()) bench::keep(fib(34));
}
