// Built at -O0, -Og, -O1, -O2 and with sanitizers: transfer of control between coroutines must not
// rely on the compiler's tail calls.
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<int> identity(int value) { co_return value; }

Coro<long> sum_of_ready_awaits(int count) {
    long sum = 0;
    for (int i = 0; i < count; ++i) {
        sum += co_await identity(1);
    }
    co_return sum;
}

Coro<int> chain(int depth, bool suspend_at_the_end) {
    if (depth == 0) {
        if (suspend_at_the_end) {
            co_await sleep(1ms);
        }
        co_return 0;
    }
    co_return 1 + co_await chain(depth - 1, suspend_at_the_end);
}

Coro<int> failing_chain(int depth) {
    if (depth == 0) {
        co_await sleep(0s);
        throw std::runtime_error("from the depth");
    }
    co_return 1 + co_await failing_chain(depth - 1);
}

Coro<int> yields_then_returns(int value) {
    co_await sleep(0s);
    co_return value;
}

} // namespace

TEST(Transfer, TwoMillionReadyAwaitsKeepTheStackFlat) {
    EXPECT_EQ(run(sum_of_ready_awaits(2'000'000)), 2'000'000);
}

TEST(Transfer, ManySuspendedAwaitsKeepTheStackFlat) {
    const auto main = []() -> Coro<long> {
        long sum = 0;
        for (int i = 0; i < 200'000; ++i) {
            sum += co_await yields_then_returns(1);
        }
        co_return sum;
    };
    EXPECT_EQ(run(main), 200'000);
}

TEST(Transfer, AChainOfTenThousandCoroutinesReturnsAtOnce) {
    EXPECT_EQ(run(chain(10'000, false)), 10'000);
}

TEST(Transfer, AChainOfTenThousandCoroutinesSuspendsAndUnwinds) {
    EXPECT_EQ(run(chain(10'000, true)), 10'000);
}

TEST(Transfer, AnExceptionPassesThroughALongChain) {
    EXPECT_THROW(run(failing_chain(1'000)), std::runtime_error);
}

TEST(Transfer, ACancelledChainOfTenThousandUnwinds) {
    const auto main = []() -> Coro<bool> {
        auto task = create_task(chain(10'000, true));
        co_await sleep(0s);
        task.cancel();
        try {
            co_await task;
        } catch (const CancelledError&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(run(main));
}

TEST(Transfer, ALongLoopOfTasksThatFinishAtOnceRuns) {
    const auto main = []() -> Coro<long> {
        long sum = 0;
        for (int i = 0; i < 100'000; ++i) {
            sum += co_await create_task(identity(1));
        }
        co_return sum;
    };
    EXPECT_EQ(run(main), 100'000);
}

// The patterns that g++ 12 is known to compile wrongly, as users write them.

TEST(Transfer, TemporariesInAnAwaitExpressionLiveUntilItsEnd) {
    const auto length = [](const std::string& text, std::string copy) -> Coro<std::size_t> {
        co_await sleep(0s);
        co_return text.size() + copy.size();
    };
    const auto main = [&]() -> Coro<std::size_t> {
        const std::string kept = "a string that is too long for the small buffer";
        const std::size_t with_temporary = co_await length(kept + "!", kept);
        const std::size_t with_literal = co_await length(
            "a literal that is too long for the small buffer", std::string(100, 'x'));
        co_return with_temporary + with_literal;
    };
    EXPECT_EQ(run(main), 47U + 46U + 47U + 100U);
}

TEST(Transfer, OptionsCanBeBracedInsideAnAwaitExpression) {
    const auto main = []() -> Coro<int> {
        const int first = co_await create_task(identity(20), {.name = "twenty"});
        const auto two = []() -> Coro<int> { co_return 2; };
        const int second = co_await create_task(
            {.name =
                 "a name that is too long for the room that options have for short ones, by far"},
            two);
        co_return first + second;
    };
    EXPECT_EQ(run(main), 22);
}

TEST(Transfer, AwaitsInConditionsAndArgumentsKeepTheirOrder) {
    const auto main = []() -> Coro<std::vector<int>> {
        std::vector<int> seen;
        if (co_await identity(1) == 1 && co_await yields_then_returns(2) == 2) {
            seen.push_back(1);
        }
        const int sum = co_await identity(3) + co_await yields_then_returns(4);
        seen.push_back(sum);
        for (int i = co_await identity(0); i < co_await yields_then_returns(2); ++i) {
            seen.push_back(i);
        }
        co_return seen;
    };
    EXPECT_EQ(run(main), (std::vector<int>{1, 7, 0, 1}));
}

TEST(Transfer, AnAwaitInACatchFollowedByAnotherWorks) {
    const auto main = []() -> Coro<int> {
        int result = 0;
        try {
            co_await failing_chain(3);
        } catch (const std::runtime_error&) {
            result = 1;
        }
        result += co_await yields_then_returns(1);
        co_return result;
    };
    EXPECT_EQ(run(main), 2);
}
