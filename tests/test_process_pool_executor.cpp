#include <hocket/process_pool_executor.hpp>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

std::string initialised = "initialised before main";

struct Point {
    int x = 0;
    int y = 0;
    MSGPACK_DEFINE(x, y)
    static Point swapped(const Point& point) { return {point.y, point.x}; }
};

} // namespace

TEST(ProcessPoolExecutor, CallsAFunctionInAnotherProcess) {
    ProcessPoolExecutor pool(2);
    EXPECT_EQ(pool.submit(add, 2, 3).result(), 5);
    EXPECT_NE(pool.submit([] { return ::getpid(); }).result(), ::getpid());
}

TEST(ProcessPoolExecutor, FindsTheProgramsStaticsInitialised) {
    ProcessPoolExecutor pool(1);
    EXPECT_EQ(pool.submit([] { return initialised; }).result(), initialised);
}

TEST(ProcessPoolExecutor, CarriesEverythingThatCrosses) {
    ProcessPoolExecutor pool(1);
    const Point swapped = pool.submit(&Point::swapped, Point{1, 2}).result();
    EXPECT_EQ(swapped.x, 2);
    EXPECT_EQ(swapped.y, 1);
    const auto lengths = pool.submit(
        [](const std::vector<std::string>& words) {
            std::map<std::string, std::size_t> counted;
            for (const auto& word : words) {
                counted[word] = word.size();
            }
            return counted;
        },
        std::vector<std::string>{"a", "bb"});
    EXPECT_EQ(lengths.result(), (std::map<std::string, std::size_t>{{"a", 1}, {"bb", 2}}));
    EXPECT_EQ(pool.submit([](const std::string& text) { return text + "!"; }, "text").result(),
              "text!");
    pool.submit([] {}).result();
}

TEST(ProcessPoolExecutor, CarriesExceptionsWithTheirType) {
    ProcessPoolExecutor pool(1);
    const auto failed = pool.submit([]() -> int { throw std::out_of_range("seven of five"); });
    try {
        failed.result();
        FAIL();
    } catch (const std::out_of_range& error) {
        EXPECT_STREQ(error.what(), "seven of five");
    }
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST(ProcessPoolExecutor, AWorkerThatIsKilledTakesOneCallWithIt) {
    ProcessPoolExecutor pool(1);
    const auto before = pool.submit(add, 1, 2);
    const auto killed = pool.submit([] { ::raise(SIGKILL); });
    std::vector<Future<int>> after;
    for (int i = 0; i < 100; ++i) {
        after.push_back(pool.submit(add, i, 1));
    }
    EXPECT_EQ(before.result(), 3);
    EXPECT_THROW(killed.result(), WorkerDied);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(after[static_cast<std::size_t>(i)].result(), i + 1);
    }
}

TEST(ProcessPoolExecutor, CarriesLargeArgumentsAndResults) {
    ProcessPoolExecutor pool(1);
    for (const std::size_t size : {1000UL, 100'000UL, 10'000'000UL, 3'000'000UL}) {
        const std::vector<double> numbers(size, 1.5);
        const auto doubled = pool.submit(
            [](std::vector<double> values) {
                for (double& value : values) {
                    value *= 2;
                }
                return values;
            },
            numbers);
        EXPECT_EQ(doubled.result(), std::vector<double>(size, 3.0));
    }
}

TEST(ProcessPoolExecutor, IsAwaitedByATask) {
    const auto main = []() -> Coro<int> {
        ProcessPoolExecutor pool(2);
        const auto sum = get_running_loop().run_in_executor(pool, add, 20, 22);
        co_return co_await sum;
    };
    EXPECT_EQ(run(main), 42);
}

TEST(ProcessPoolExecutor, ManyCalls) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> sums;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20000; ++i) {
        sums.push_back(pool.submit(add, i, 1));
    }
    for (int i = 0; i < 20000; ++i) {
        ASSERT_EQ(sums[static_cast<std::size_t>(i)].result(), i + 1);
    }
    printf("%f us per call\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()*1e6/20000);
}
