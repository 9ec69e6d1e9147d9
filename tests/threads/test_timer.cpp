#include <hocket/timer.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <hocket/run.hpp>

#include "support/blocked_thread.hpp"

namespace {

using namespace hocket;
using namespace std::chrono_literals;

TEST(Timer, CallsItsFunctionWhenTheTimeHasPassed) {
    const auto start = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point called;
    Timer timer(20ms, [&] { called = std::chrono::steady_clock::now(); });
    timer.start();
    timer.join();
    EXPECT_GE(called - start, 20ms);
}

TEST(Timer, CallsAtOnceWithAnIntervalOfZero) {
    int called = 0;
    Timer now(0s, [&] { ++called; });
    Timer before(-1h, [&] { ++called; });
    now.start();
    now.join();
    before.start();
    before.join();
    EXPECT_EQ(called, 2);
}

TEST(Timer, PassesCopiesOfItsArguments) {
    std::string seen;
    Timer timer(
        1ms, [&](const std::string& a, std::unique_ptr<int> b) { seen = a + std::to_string(*b); },
        "a", std::make_unique<int>(1));
    timer.start();
    timer.join();
    EXPECT_EQ(seen, "a1");
}

TEST(Timer, CallsNothingWhenItIsCancelledInTime) {
    bool called = false;
    Timer timer(1h, [&] { called = true; });
    timer.start();
    wait_until_blocked(timer);
    EXPECT_TRUE(timer.is_alive());
    timer.cancel();
    timer.join();
    EXPECT_FALSE(timer.is_alive());
    EXPECT_FALSE(called);
}

TEST(Timer, CallsNothingWhenItIsCancelledBeforeItStarts) {
    bool called = false;
    Timer timer(0s, [&] { called = true; });
    timer.cancel();
    timer.start();
    timer.join();
    EXPECT_FALSE(called);
}

TEST(Timer, IsCancelledInVainAfterTheCall) {
    int called = 0;
    Timer timer(0s, [&] { ++called; });
    timer.start();
    timer.join();
    timer.cancel();
    EXPECT_TRUE(timer.join(0s));
    EXPECT_EQ(called, 1);
}

TEST(Timer, MayCancelItselfInItsFunction) {
    std::unique_ptr<Timer> timer;
    timer = std::make_unique<Timer>(0s, [&] { timer->cancel(); });
    timer->start();
    timer->join();
}

TEST(Timer, ThrowsTheFunctionsExceptionOutOfJoin) {
    Timer timer(0s, [] { throw std::out_of_range("far"); });
    timer.start();
    EXPECT_THROW(timer.join(), std::out_of_range);
}

TEST(Timer, ItsDestructorWaits) {
    bool called = false;
    {
        Timer timer({.name = "alarm"}, 1ms, [&] { called = true; });
        EXPECT_EQ(timer.name(), "alarm");
        timer.start();
    }
    EXPECT_TRUE(called);
}

TEST(Timer, IsCancelledAfterItWasMoved) {
    bool called = false;
    Timer first(1h, [&] { called = true; });
    first.start();
    Timer timer = std::move(first);
    first.cancel(); // NOLINT(bugprone-use-after-move): does nothing
    EXPECT_TRUE(timer.is_alive());
    timer.cancel();
    timer.join();
    EXPECT_FALSE(called);
}

TEST(Timer, IsAwaitedByATask) {
    const auto main = []() -> Coro<int> {
        int called = 0;
        Timer timer(1ms, [&] { ++called; });
        timer.start();
        co_await timer.future();
        co_return called;
    };
    EXPECT_EQ(run(main), 1);
}

} // namespace
