#include <hocket/process_pool_executor.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gather.hpp>
#include <hocket/remote_exception.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/sleep.hpp>
#include <hocket/thread_pool_executor.hpp>
#include <hocket/wait.hpp>

#include "support/start_methods.hpp"

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

class ProcessPool : public EachStartMethod {};
INSTANTIATE_FOR_EACH_START_METHOD(ProcessPool);

} // namespace

TEST_P(ProcessPool, CallsAFunctionInAnotherProcess) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    EXPECT_EQ(pool.submit(add, 2, 3).result(), 5);
    EXPECT_NE(pool.submit([] { return ::getpid(); }).result(), ::getpid());
}

TEST_P(ProcessPool, FindsTheProgramsStaticsInitialised) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    EXPECT_EQ(pool.submit([] { return initialised; }).result(), initialised);
}

TEST_P(ProcessPool, CarriesEverythingThatCrosses) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, CarriesExceptionsWithTheirType) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto failed = pool.submit([]() -> int { throw std::out_of_range("seven of five"); });
    try {
        failed.result();
        FAIL();
    } catch (const std::out_of_range& error) {
        EXPECT_STREQ(error.what(), "seven of five");
    }
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST_P(ProcessPool, AWorkerThatIsKilledTakesOneCallWithIt) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, CarriesLargeArgumentsAndResults) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const std::size_t largest = GetParam() == StartMethod::spawn ? 10'000'000 : 1'000'000;
    for (const std::size_t size : {std::size_t{1000}, std::size_t{100'000}, largest, largest / 3}) {
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

TEST_P(ProcessPool, DoesNotCopyWhatAFunctionOnlyLooksAt) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto first_and_last = [](std::string_view text) {
        return std::string{text.front(), text.back()};
    };
    EXPECT_EQ(pool.submit(first_and_last, "abc").result(), "ac");
    EXPECT_EQ(pool.submit(first_and_last, std::string(1'000'000, 'x') + "y").result(), "xy");
    const auto sum = [](std::span<const unsigned char> bytes) {
        return std::accumulate(bytes.begin(), bytes.end(), 0);
    };
    EXPECT_EQ(pool.submit(sum, std::vector<unsigned char>{1, 2, 3}).result(), 6);
}

TEST_P(ProcessPool, IsAwaitedByATask) {
    const auto main = []() -> Coro<int> {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        const auto sum = get_running_loop().run_in_executor(pool, add, 20, 22);
        co_return co_await sum;
    };
    EXPECT_EQ(run(main), 42);
}

TEST_P(ProcessPool, ManyCallsComeBackEachWithItsOwnResult) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    std::vector<Future<int>> sums;
    for (int i = 0; i < 20000; ++i) {
        sums.push_back(pool.submit(add, i, 1));
    }
    for (int i = 0; i < 20000; ++i) {
        ASSERT_EQ(sums[static_cast<std::size_t>(i)].result(), i + 1);
    }
}

TEST_P(ProcessPool, MapsInOrderAChunkAtATime) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
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

TEST_P(ProcessPool, AMapReadsNoMoreOfTheInputThanIsInFlight) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    int read = 0;
    auto numbers =
        std::views::iota(0) | std::views::transform([&read](int x) { return ++read, x; });
    auto results =
        pool.map([](int x) { return 2 * x; }, numbers, {.chunksize = 2, .buffersize = 3});
    EXPECT_EQ(read, 6); // reading starts with the call
    auto it = results.begin();
    ++it;
    EXPECT_EQ(read, 6);
    ++it; // an element of the second chunk, so there is room for another chunk
    EXPECT_EQ(*it, 4);
    EXPECT_EQ(read, 8);
}

TEST_P(ProcessPool, AMapTimesOutCountedFromTheCall) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    auto results = pool.map(
        [](int) {
            for (;;) {
                ::pause();
            }
            return 0;
        },
        std::vector{1}, {.timeout = std::chrono::milliseconds(20)});
    EXPECT_THROW(results.begin(), TimeoutError); // the running call is ended, too
}

TEST_P(ProcessPool, AnExceptionInAMapComesWhenItsElementIsReached) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, TheMoreUrgentCallStartsFirst) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, ACallThatRunsCanBeCancelledAndItsWorkerIsReplaced) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, ACallThatWaitsCanBeCancelledAndNothingElseIsLost) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto endless = pool.submit([] { ::pause(); });
    const auto waiting = pool.submit(add, 1, 1);
    const auto next = pool.submit(add, 2, 2);
    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(endless.cancel());
    EXPECT_EQ(next.result(), 4);
    EXPECT_FALSE(next.cancel());
}

TEST_P(ProcessPool, CancellingTheTaskThatAwaitsEndsTheCall) {
    const auto main = []() -> Coro<bool> {
        ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, ACallThatRunsTooLongIsEnded) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto quick = pool.submit({.timeout = 10s}, add, 1, 2);
    const auto late = pool.submit({.timeout = 20ms}, [] { ::pause(); });
    const auto next = pool.submit({.timeout = 10s}, add, 3, 4);
    EXPECT_EQ(quick.result(), 3);
    EXPECT_THROW(late.result(), TimeoutError);
    EXPECT_EQ(next.result(), 7);
}

TEST_P(ProcessPool, ATimeoutHoldsForACallThatHadToWait) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto nap = [] { std::this_thread::sleep_for(1ms); };
    for (int i = 0; i < 300; ++i) { // more than a worker gets ahead
        pool.submit(nap);
    }
    const auto late = pool.submit({.timeout = 20ms}, [] { std::this_thread::sleep_for(60s); });
    EXPECT_THROW(late.result(), TimeoutError);
}

TEST_P(ProcessPool, WorkersAreReplacedAfterSoManyCalls) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam(), .max_tasks_per_child = 3});
    std::map<int, int> calls;
    for (int i = 0; i < 10; ++i) {
        ++calls[pool.submit([] { return ::getpid(); }).result()];
    }
    EXPECT_EQ(calls.size(), 4U);
    for (const auto& [pid, count] : calls) {
        EXPECT_LE(count, 3);
    }
}

TEST_P(ProcessPool, TheInitializerRunsFirstInEachWorker) {
    static int initialised_to = 0;
    ProcessPoolExecutor pool(
        2, {.start_method = GetParam(), .initializer = [] { initialised_to = 7; }});
    EXPECT_EQ(pool.submit([] { return initialised_to; }).result(), 7);
    EXPECT_EQ(initialised_to, 0);
}

TEST_P(ProcessPool, AnInitializerThatThrowsBreaksThePool) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam(),
                                 .initializer = [] { throw std::runtime_error("no licence"); }});
    try {
        pool.submit(add, 1, 1).result();
        FAIL();
    } catch (const BrokenExecutor& error) {
        EXPECT_NE(std::string(error.what()).find("no licence"), std::string::npos) << error.what();
    }
}

TEST_P(ProcessPool, RefusesWorkAfterItsShutdown) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto before = pool.submit(add, 1, 1);
    pool.shutdown();
    EXPECT_EQ(before.result(), 2);
    EXPECT_THROW(static_cast<void>(pool.submit(add, 1, 1)), RuntimeError);
    pool.shutdown();
}

TEST_P(ProcessPool, ShutdownCanCancelWhatHasNotStarted) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
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

TEST_P(ProcessPool, ShutdownWithAFullQueueAndExceptionsInFlightLosesNothing) {
    std::vector<Future<int>> calls;
    {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        for (int i = 0; i < 2'000; ++i) {
            calls.push_back(pool.submit(
                [](int n) { return n % 2 == 0 ? n : throw std::domain_error("odd"); }, i));
        }
        pool.shutdown({.wait = false});
    } // and the destructor waits
    for (int i = 0; i < 2'000; ++i) {
        ASSERT_TRUE(calls[static_cast<std::size_t>(i)].done());
        if (i % 2 == 0) {
            EXPECT_EQ(calls[static_cast<std::size_t>(i)].result(), i);
        } else {
            EXPECT_THROW(calls[static_cast<std::size_t>(i)].result(), std::domain_error);
        }
    }
}

TEST_P(ProcessPool, KillWorkersEndsItWithWhateverRuns) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    const auto endless = pool.submit([] { ::pause(); });
    while (!endless.running()) {
        std::this_thread::yield();
    }
    pool.kill_workers();
    EXPECT_THROW(endless.result(), WorkerDied);
}

TEST_P(ProcessPool, HandsOnWhatWorkersPrintLineByLine) {
    std::vector<std::string> lines;
    {
        ProcessPoolExecutor pool(
            1, {.start_method = GetParam(),
                .on_output = [&](int worker, bool is_error, std::string_view line) {
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

TEST_P(ProcessPool, WorkersLeaveCtrlCToTheirOwner) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const pid_t worker = pool.submit([] { return ::getpid(); }).result();
    ::kill(worker, SIGINT);
    EXPECT_EQ(pool.submit([] { return ::getpid(); }).result(), worker);
}

TEST_P(ProcessPool, CtrlCEndsTheProgramAndItsWorkersOnce) {
    const auto main = []() -> Coro<> {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        const auto first = pool.submit([] { ::pause(); });
        const auto second = pool.submit([] { ::pause(); });
        while (!first.running() || !second.running()) {
            co_await sleep(1ms);
        }
        ::kill(::getpid(), SIGINT);
        co_await gather(first, second);
    };
    EXPECT_THROW(run(main), KeyboardInterrupt);
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(ProcessPool, GathersWithTasksAndThreads) {
    const auto main = []() -> Coro<int> {
        ProcessPoolExecutor processes(1, {.start_method = GetParam()});
        ThreadPoolExecutor threads(1);
        const auto task = []() -> Coro<int> {
            co_await sleep(0s);
            co_return 1;
        };
        const auto [a, b, c] = co_await gather(task(), threads.submit([] { return 20; }),
                                               processes.submit([] { return 300; }));
        co_return a + b + c;
    };
    EXPECT_EQ(run(main), 321);
}

// Clang makes noreturn part of the function's type.
TEST(ProcessPoolExecutor, CallsAFunctionThatDoesNotReturn) {
    ProcessPoolExecutor pool(1);
    try {
        pool.submit(::_exit, 9).result();
        FAIL();
    } catch (const WorkerDied& error) {
        EXPECT_EQ(error.exitcode(), 9);
    }
}

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct Unknown : std::runtime_error {
    using std::runtime_error::runtime_error;
};
HOCKET_REMOTE_EXCEPTION(Refused);

TEST_P(ProcessPool, CarriesRegisteredExceptionsAsThemselvesAndOthersAsRemoteErrors) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    EXPECT_THROW(pool.submit([] { throw Refused("no"); }).result(), Refused);
    try {
        pool.submit([] { throw Unknown("what is it"); }).result();
        FAIL();
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.type_name(), "Unknown");
        EXPECT_EQ(error.message(), "what is it");
        EXPECT_NE(error.where().find("process"), std::string::npos);
    }
    try {
        pool.submit([] { throw 42; }).result();
        FAIL();
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.type_name(), "int");
    }
    try {
        pool.submit([] { throw std::system_error(ENOENT, std::system_category(), "open x"); })
            .result();
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), ENOENT);
        EXPECT_EQ(std::string(error.what()), "open x: No such file or directory");
    }
}

TEST_P(ProcessPool, SharedMemoryCrossesWithoutACopy) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    const SharedArray<int> numbers(1000);
    const SharedValue<int> calls(0);
    std::vector<Future<void>> done;
    for (int i = 0; i < 1000; ++i) {
        done.push_back(pool.submit(
            [](SharedArray<int> array, SharedValue<int> count, int index) {
                array[static_cast<std::size_t>(index)] = index;
                count.fetch_add(1);
            },
            numbers, calls, i));
    }
    for (const auto& future : done) {
        future.result();
    }
    EXPECT_EQ(calls.load(), 1000);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
    }
    const auto made = pool.submit([] { return SharedArray<int>(3, 7); }).result();
    EXPECT_EQ(made[2], 7);
}

TEST_P(ProcessPool, AWorkerMayHaveAPoolOfItsOwn) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const auto nested = pool.submit(
        [](StartMethod method) {
            ProcessPoolExecutor inner(2, {.start_method = method});
            return inner.submit(add, 1, 2).result() + inner.submit(add, 3, 4).result();
        },
        GetParam());
    EXPECT_EQ(nested.result(), 10);
}

TEST_P(ProcessPool, ACallbackMayDestroyThePool) {
    auto pool =
        std::make_unique<ProcessPoolExecutor>(1, ProcessPoolOptions{.start_method = GetParam()});
    std::promise<void> destroyed;
    pool->submit(add, 1, 2).add_done_callback([&] {
        pool.reset();
        destroyed.set_value();
    });
    destroyed.get_future().wait();
    EXPECT_EQ(pool, nullptr);
}

TEST_P(ProcessPool, MapsEnumerationsDurationsAndFunctionsThatReturnNothing) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const std::vector<StartMethod> methods{StartMethod::fork, StartMethod::spawn};
    std::vector<StartMethod> same;
    for (const StartMethod method : pool.map([](StartMethod each) { return each; }, methods)) {
        same.push_back(method);
    }
    EXPECT_EQ(same, methods);
    const std::vector<std::chrono::seconds> times{1s, 2s};
    std::vector<std::chrono::seconds> twice;
    for (const auto time : pool.map([](std::chrono::seconds each) { return 2 * each; }, times)) {
        twice.push_back(time);
    }
    EXPECT_EQ(twice, (std::vector<std::chrono::seconds>{2s, 4s}));
    int calls = 0;
    for ([[maybe_unused]] const auto& nothing : pool.map([](std::chrono::seconds) {}, times)) {
        ++calls;
    }
    EXPECT_EQ(calls, 2);
}
