#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<> note(bool& ran) {
    ran = true;
    co_return;
}

Coro<int> answer() { co_return 42; }

struct alignas(64) Wide {
    int value = 7;
};
Coro<Wide> wide() {
    co_await sleep(0s);
    co_return Wide{};
}

} // namespace

static_assert(!std::is_copy_constructible_v<Coro<int>>);
static_assert(std::is_nothrow_move_constructible_v<Coro<int>>);

TEST(Coro, DoesNotRunUntilItIsAwaited) {
    bool ran = false;
    auto coro = note(ran);
    EXPECT_FALSE(ran);
    run(std::move(coro));
    EXPECT_TRUE(ran);
}

TEST(Coro, YieldsItsValue) { EXPECT_EQ(run(answer()), 42); }

TEST(Coro, YieldsMoveOnlyValues) {
    const auto main = []() -> Coro<int> {
        const auto make = []() -> Coro<std::unique_ptr<int>> {
            co_return std::make_unique<int>(5);
        };
        const std::unique_ptr<int> value = co_await make();
        co_return *value;
    };
    EXPECT_EQ(run(main), 5);
}

TEST(Coro, YieldsReferences) {
    int target = 1;
    const auto main = [&]() -> Coro<> {
        const auto refer = [&]() -> Coro<int&> { co_return target; };
        int& same = co_await refer();
        same = 9;
    };
    run(main);
    EXPECT_EQ(target, 9);
}

TEST(Coro, YieldsOverAlignedValuesAlignedFrames) {
    const auto main = []() -> Coro<int> {
        const Wide value = co_await wide();
        co_return value.value;
    };
    EXPECT_EQ(run(main), 7);
}

TEST(Coro, ThrowsWhatItsBodyThrew) {
    const auto main = []() -> Coro<> {
        const auto fail = []() -> Coro<int> {
            throw std::out_of_range("too far");
            co_return 1;
        };
        co_await fail();
    };
    EXPECT_THROW(run(main), std::out_of_range);
}

TEST(Coro, CannotBeAwaitedTwice) {
    const auto main = []() -> Coro<> {
        auto coro = answer();
        co_await std::move(coro);
        co_await std::move(coro);
    };
    EXPECT_THROW(run(main), RuntimeError);
}

TEST(Coro, CannotBeAwaitedAfterItWasMovedFrom) {
    const auto main = []() -> Coro<> {
        auto coro = answer();
        auto other = std::move(coro);
        EXPECT_FALSE(coro);
        co_await std::move(other);
        co_await std::move(coro);
    };
    EXPECT_THROW(run(main), RuntimeError);
}

TEST(Coro, ReportsThatItWasNeverAwaited) {
    testing::internal::CaptureStderr();
    { const auto forgotten = answer(); }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("answer"), std::string::npos) << report;
    EXPECT_NE(report.find("never awaited"), std::string::npos) << report;
    EXPECT_NE(report.find("test_coro.cpp:"), std::string::npos) << report;
}

TEST(Coro, SaysNothingWhenItIsClosed) {
    testing::internal::CaptureStderr();
    {
        auto unwanted = answer();
        unwanted.close();
        EXPECT_FALSE(unwanted);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Coro, DestroysItsLocalsWhenItEnds) {
    const auto tracked = std::make_shared<int>(1);
    const auto main = [tracked]() -> Coro<long> {
        const auto hold = [](std::shared_ptr<int> held) -> Coro<> {
            const auto copy = held;
            co_await sleep(0s);
        };
        co_await hold(tracked);
        co_return tracked.use_count();
    };
    EXPECT_EQ(run(main), 3); // ours, the lambda's, and the copy that `run` keeps
    EXPECT_EQ(tracked.use_count(), 2);
}

TEST(Coro, SleepConvertsToACoroutine) {
    const auto main = []() -> Coro<int> {
        Coro<> nap = sleep(1ms);
        co_await std::move(nap);
        co_return co_await sleep(1ms, 3);
    };
    EXPECT_EQ(run(main), 3);
}
