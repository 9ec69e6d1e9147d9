#include <hocket/process_pool_executor.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/wait.hpp>

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

TEST(ProcessPoolExecutor, ManyCallsComeBackEachWithItsOwnResult) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> sums;
    for (int i = 0; i < 20000; ++i) {
        sums.push_back(pool.submit(add, i, 1));
    }
    for (int i = 0; i < 20000; ++i) {
        ASSERT_EQ(sums[static_cast<std::size_t>(i)].result(), i + 1);
    }
}

TEST(ProcessPoolExecutor, MapsInOrderAChunkAtATime) {
    ProcessPoolExecutor pool(2);
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<std::size_t> progress;
    int expected = 0;
    for (const int square :
         pool.map([](int n) { return n * n; }, numbers,
                  {.chunksize = 100,
                  .progress = [&](std::size_t done, std::optional<std::size_t> total) {
                      EXPECT_EQ(total, 1000);
                      progress.push_back(done);
                  }})) {
        ASSERT_EQ(square, expected * expected);
        ++expected;
    }
    EXPECT_EQ(expected, 1000);
    EXPECT_EQ(progress.size(), 10U);
    const auto pointer = +[](int n) { return n + 1; };
    EXPECT_EQ(*pool.map(pointer, std::vector<int>{41}).begin(), 42);
}

TEST(ProcessPoolExecutor, AnExceptionInAMapComesWhenItsElementIsReached) {
    ProcessPoolExecutor pool(1);
    auto results = pool.map(
        [](int n) {
            if (n == 2) {
                throw std::invalid_argument("two");
            }
            return n;
        },
        std::vector<int>{0, 1, 2, 3}, {.chunksize = 4});
    std::vector<int> seen;
    EXPECT_THROW(
        {
            for (const int n : results) {
                seen.push_back(n);
            }
        },
        std::invalid_argument);
    EXPECT_EQ(seen, (std::vector<int>{0, 1}));
}

TEST(ProcessPoolExecutor, TheMoreUrgentCallStartsFirst) {
    ProcessPoolExecutor pool(1);
    std::vector<std::string> order;
    std::mutex mutex;
    const auto note = [&](const char* name) {
        return [&, name] {
            const std::scoped_lock lock(mutex);
            order.emplace_back(name);
        };
    };
    const auto blocker = pool.submit([] { ::usleep(100'000); });
    const auto low = pool.submit([] {});
    low.add_done_callback(note("low"));
    const auto high = pool.submit({.priority = 5}, [] {});
    high.add_done_callback(note("high"));
    low.result();
    high.result();
    pool.shutdown();
    EXPECT_EQ(order, (std::vector<std::string>{"high", "low"}));
}

TEST(ProcessPoolExecutor, ACallThatRunsCanBeCancelledAndItsWorkerIsReplaced) {
    ProcessPoolExecutor pool(1);
    const int first = pool.submit([] { return ::getpid(); }).result();
    const auto endless = pool.submit([] { ::pause(); });
    const auto next = pool.submit([] { return ::getpid(); });
    while (!endless.running()) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(endless.cancel());
    EXPECT_TRUE(endless.cancelled());
    EXPECT_THROW(endless.result(), CancelledError);
    EXPECT_NE(next.result(), first);
}

TEST(ProcessPoolExecutor, ACallThatWaitsCanBeCancelledAndNothingElseIsLost) {
    ProcessPoolExecutor pool(1);
    const auto endless = pool.submit([] { ::pause(); });
    const auto waiting = pool.submit(add, 1, 1);
    const auto next = pool.submit(add, 2, 2);
    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(endless.cancel());
    EXPECT_EQ(next.result(), 4);
    EXPECT_FALSE(next.cancel());
}

TEST(ProcessPoolExecutor, CancellingTheTaskThatAwaitsEndsTheCall) {
    const auto main = []() -> Coro<bool> {
        ProcessPoolExecutor pool(1);
        const auto endless = pool.submit([] { ::pause(); });
        bool late = false;
        try {
            co_await wait_for(endless, 20ms);
        } catch (const TimeoutError&) {
            late = true;
        }
        co_return late&& endless.cancelled();
    };
    EXPECT_TRUE(run(main));
}

TEST(ProcessPoolExecutor, ACallThatRunsTooLongIsEnded) {
    ProcessPoolExecutor pool(1);
    const auto quick = pool.submit({.timeout = 10s}, add, 1, 2);
    const auto late = pool.submit({.timeout = 20ms}, [] { ::pause(); });
    const auto next = pool.submit({.timeout = 10s}, add, 3, 4);
    EXPECT_EQ(quick.result(), 3);
    EXPECT_THROW(late.result(), TimeoutError);
    EXPECT_EQ(next.result(), 7);
}

TEST(ProcessPoolExecutor, WorkersAreReplacedAfterSoManyCalls) {
    ProcessPoolExecutor pool(1, {.max_tasks_per_child = 3});
    std::map<int, int> calls;
    for (int i = 0; i < 10; ++i) {
        ++calls[pool.submit([] { return ::getpid(); }).result()];
    }
    EXPECT_EQ(calls.size(), 4U);
    for (const auto& [pid, count] : calls) {
        EXPECT_LE(count, 3);
    }
}

TEST(ProcessPoolExecutor, TheInitializerRunsFirstInEachWorker) {
    static int initialised_to = 0;
    ProcessPoolExecutor pool(2, {.initializer = [] { initialised_to = 7; }});
    EXPECT_EQ(pool.submit([] { return initialised_to; }).result(), 7);
    EXPECT_EQ(initialised_to, 0);
}

TEST(ProcessPoolExecutor, AnInitializerThatThrowsBreaksThePool) {
    ProcessPoolExecutor pool(1, {.initializer = [] { throw std::runtime_error("no licence"); }});
    try {
        pool.submit(add, 1, 1).result();
        FAIL();
    } catch (const BrokenExecutor& error) {
        EXPECT_NE(std::string(error.what()).find("no licence"), std::string::npos) << error.what();
    }
}

TEST(ProcessPoolExecutor, RefusesWorkAfterItsShutdown) {
    ProcessPoolExecutor pool(1);
    const auto before = pool.submit(add, 1, 1);
    pool.shutdown();
    EXPECT_EQ(before.result(), 2);
    EXPECT_THROW(static_cast<void>(pool.submit(add, 1, 1)), RuntimeError);
    pool.shutdown();
}

TEST(ProcessPoolExecutor, ShutdownCanCancelWhatHasNotStarted) {
    ProcessPoolExecutor pool(1);
    const auto running = pool.submit([] { ::usleep(50'000); });
    while (!running.running()) {
        std::this_thread::yield();
    }
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 500; ++i) {
        waiting.push_back(pool.submit(add, i, 1));
    }
    pool.shutdown({.cancel_futures = true});
    EXPECT_NO_THROW(running.result());
    for (const auto& future : waiting) {
        EXPECT_TRUE(future.cancelled());
    }
}

TEST(ProcessPoolExecutor, KillWorkersEndsItWithWhateverRuns) {
    ProcessPoolExecutor pool(2);
    const auto endless = pool.submit([] { ::pause(); });
    while (!endless.running()) {
        std::this_thread::yield();
    }
    pool.kill_workers();
    EXPECT_THROW(endless.result(), WorkerDied);
}

TEST(ProcessPoolExecutor, HandsOnWhatWorkersPrintLineByLine) {
    std::vector<std::string> lines;
    {
        ProcessPoolExecutor pool(
            1, {.on_output = [&](int worker, bool is_error, std::string_view line) {
                lines.push_back((is_error ? "err " : "out ") + std::to_string(worker) + " " +
                                std::string(line));
            }});
        pool.submit([] {
                std::printf("one\ntwo");
                std::fflush(stdout);
                ::usleep(1000);
                std::printf(" three\n");
            })
            .result();
        pool.submit([] { std::cerr << "careful" << std::endl; }).result();
    }
    std::ranges::sort(lines);
    EXPECT_EQ(lines, (std::vector<std::string>{"err 1 careful", "out 1 one", "out 1 two three"}));
}

TEST(ProcessPoolExecutor, AWorkerMayHaveAPoolOfItsOwn) {
    ProcessPoolExecutor pool(1);
    const auto nested = pool.submit([] {
        ProcessPoolExecutor inner(2);
        return inner.submit(add, 1, 2).result() + inner.submit(add, 3, 4).result();
    });
    EXPECT_EQ(nested.result(), 10);
}

TEST(ProcessPoolExecutor, ACallbackMayDestroyThePool) {
    auto pool = std::make_unique<ProcessPoolExecutor>(1);
    std::promise<void> destroyed;
    pool->submit(add, 1, 2).add_done_callback([&] {
        pool.reset();
        destroyed.set_value();
    });
    destroyed.get_future().wait();
    EXPECT_EQ(pool, nullptr);
}
