// Calls of every kind of RemoteExecutor.

#include <cerrno>
#include <map>
#include <mutex>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <hocket/errors.hpp>
#include <hocket/gather.hpp>
#include <hocket/remote_exception.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "support/remote_pool.hpp"

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

class RemoteCalls : public EachRemotePool {};
INSTANTIATE_FOR_EACH_REMOTE_POOL(RemoteCalls);

} // namespace

TEST_P(RemoteCalls, CallsAFunctionInAnotherProcess) {
    const auto pool = make(2);
    EXPECT_EQ(pool->submit(add, 2, 3).result(), 5);
    EXPECT_NE(pool->submit([] { return ::getpid(); }).result(), ::getpid());
}

TEST_P(RemoteCalls, FindsTheProgramsStaticsInitialised) {
    const auto pool = make(1);
    EXPECT_EQ(pool->submit([] { return initialised; }).result(), initialised);
}

TEST_P(RemoteCalls, CarriesEverythingThatCrosses) {
    const auto pool = make(1);
    const Point swapped = pool->submit(&Point::swapped, Point{1, 2}).result();
    EXPECT_EQ(swapped.x, 2);
    EXPECT_EQ(swapped.y, 1);
    const auto lengths = pool->submit(
        [](const std::vector<std::string>& words) {
            std::map<std::string, std::size_t> counted;
            for (const auto& word : words) {
                counted[word] = word.size();
            }
            return counted;
        },
        std::vector<std::string>{"a", "bb"});
    EXPECT_EQ(lengths.result(), (std::map<std::string, std::size_t>{{"a", 1}, {"bb", 2}}));
    EXPECT_EQ(pool->submit([](const std::string& text) { return text + "!"; }, "text").result(),
              "text!");
    pool->submit([] {}).result();
}

TEST_P(RemoteCalls, CarriesExceptionsWithTheirType) {
    const auto pool = make(1);
    const auto failed = pool->submit([]() -> int { throw std::out_of_range("seven of five"); });
    try {
        failed.result();
        FAIL();
    } catch (const std::out_of_range& error) {
        EXPECT_STREQ(error.what(), "seven of five");
    }
    EXPECT_EQ(pool->submit(add, 1, 1).result(), 2);
}

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct Unknown : std::runtime_error {
    using std::runtime_error::runtime_error;
};
HOCKET_REMOTE_EXCEPTION(Refused);

TEST_P(RemoteCalls, CarriesRegisteredExceptionsAsThemselvesAndOthersAsRemoteErrors) {
    const auto pool = make(1);
    EXPECT_THROW(pool->submit([] { throw Refused("no"); }).result(), Refused);
    try {
        pool->submit([] { throw Unknown("what is it"); }).result();
        FAIL();
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.type_name(), "Unknown");
        EXPECT_EQ(error.message(), "what is it");
        EXPECT_NE(error.where().find("process"), std::string::npos);
    }
    try {
        pool->submit([] { throw 42; }).result();
        FAIL();
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.type_name(), "int");
    }
    try {
        pool->submit([] { throw std::system_error(ENOENT, std::system_category(), "open x"); })
            .result();
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), ENOENT);
        EXPECT_EQ(std::string(error.what()), "open x: No such file or directory");
    }
}

TEST_P(RemoteCalls, CarriesLargeArgumentsAndResults) {
    const auto pool = make(1);
    const std::size_t largest = GetParam().most_numbers;
    for (const std::size_t size : {std::size_t{1000}, std::size_t{100'000}, largest, largest / 3}) {
        const std::vector<double> numbers(size, 1.5);
        const auto doubled = pool->submit(
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

TEST_P(RemoteCalls, DoesNotCopyWhatAFunctionOnlyLooksAt) {
    const auto pool = make(1);
    const auto first_and_last = [](std::string_view text) {
        return std::string{text.front(), text.back()};
    };
    EXPECT_EQ(pool->submit(first_and_last, "abc").result(), "ac");
    EXPECT_EQ(pool->submit(first_and_last, std::string(1'000'000, 'x') + "y").result(), "xy");
    const auto sum = [](std::span<const unsigned char> bytes) {
        return std::accumulate(bytes.begin(), bytes.end(), 0);
    };
    EXPECT_EQ(pool->submit(sum, std::vector<unsigned char>{1, 2, 3}).result(), 6);
}

TEST_P(RemoteCalls, IsAwaitedByATask) {
    const auto main = []() -> Coro<int> {
        const auto pool = make(2);
        const auto sum = get_running_loop().run_in_executor(*pool, add, 20, 22);
        co_return co_await sum;
    };
    EXPECT_EQ(run(main), 42);
}

TEST_P(RemoteCalls, GathersWithTasksAndThreads) {
    const auto main = []() -> Coro<int> {
        const auto processes = make(1);
        ThreadPoolExecutor threads(1);
        const auto task = []() -> Coro<int> {
            co_await sleep(0s);
            co_return 1;
        };
        const auto [a, b, c] = co_await gather(task(), threads.submit([] { return 20; }),
                                               processes->submit([] { return 300; }));
        co_return a + b + c;
    };
    EXPECT_EQ(run(main), 321);
}

TEST_P(RemoteCalls, ManyCallsComeBackEachWithItsOwnResult) {
    const auto pool = make(2);
    std::vector<Future<int>> sums;
    for (int i = 0; i < 20000; ++i) {
        sums.push_back(pool->submit(add, i, 1));
    }
    for (int i = 0; i < 20000; ++i) {
        ASSERT_EQ(sums[static_cast<std::size_t>(i)].result(), i + 1);
    }
}

TEST_P(RemoteCalls, TheMoreUrgentCallStartsFirst) {
    const auto pool = make(1);
    std::vector<std::string> order;
    std::mutex mutex;
    const auto note = [&](const char* name) {
        return [&, name] {
            const std::scoped_lock lock(mutex);
            order.emplace_back(name);
        };
    };
    const auto blocker = pool->submit([] { ::usleep(100'000); });
    const auto low = pool->submit([] {});
    low.add_done_callback(note("low"));
    const auto high = pool->submit({.priority = 5}, [] {});
    high.add_done_callback(note("high"));
    low.result();
    high.result();
    pool->shutdown();
    EXPECT_EQ(order, (std::vector<std::string>{"high", "low"}));
}

TEST_P(RemoteCalls, TheInitializerRunsFirstInEachWorker) {
    static int initialised_to = 0;
    const auto pool = make(2, {.initializer = [] { initialised_to = 7; }});
    EXPECT_EQ(pool->submit([] { return initialised_to; }).result(), 7);
    EXPECT_EQ(initialised_to, 0);
}

TEST_P(RemoteCalls, WorkersAreReplacedAfterSoManyCalls) {
    const auto pool = make(1, {.max_tasks_per_child = 3});
    std::map<int, int> calls;
    for (int i = 0; i < 10; ++i) {
        ++calls[pool->submit([] { return ::getpid(); }).result()];
    }
    EXPECT_EQ(calls.size(), 4U);
    for (const auto& [pid, count] : calls) {
        EXPECT_LE(count, 3);
    }
}

TEST_P(RemoteCalls, AWorkerMayHaveAPoolOfItsOwn) {
    const auto pool = make(1);
    const auto nested = pool->submit(
        [](StartMethod method) {
            ProcessPoolExecutor inner(2, {.start_method = method});
            return inner.submit(add, 1, 2).result() + inner.submit(add, 3, 4).result();
        },
        GetParam().start_method);
    EXPECT_EQ(nested.result(), 10);
}
