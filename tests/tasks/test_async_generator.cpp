#include <memory>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::note;
using trace::turns;

namespace {

AsyncGenerator<int> count_to(int last, bool with_turns = false) {
    for (int i = 1; i <= last; ++i) {
        if (with_turns) {
            co_await sleep(0s);
        }
        co_yield i;
    }
}

/// Notes its destruction.
struct Local {
    ~Local() { note("local destroyed"); }
};

TEST(AsyncGenerator, YieldsItsValuesThenNothing) {
    run([]() -> Coro<> {
        for (const bool with_turns : {false, true}) {
            auto numbers = count_to(3, with_turns);
            std::vector<int> got;
            while (auto number = co_await numbers.next()) {
                got.push_back(*number);
            }
            EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
            EXPECT_FALSE((co_await numbers.next()).has_value());
        }
    });
}

TEST(AsyncGenerator, MovesItsValues) {
    run([]() -> Coro<> {
        auto make = []() -> AsyncGenerator<std::unique_ptr<int>> {
            co_yield std::make_unique<int>(1);
            co_await sleep(0s);
            auto two = std::make_unique<int>(2);
            co_yield std::move(two);
        };
        auto pointers = make();
        auto moved = std::move(pointers);
        int sum = 0;
        while (auto pointer = co_await moved.next()) {
            sum += **pointer;
        }
        EXPECT_EQ(sum, 3);
        EXPECT_FALSE(
            (co_await pointers.next()).has_value()); // NOLINT(bugprone-use-after-move): at its end
    });
}

TEST(AsyncGenerator, DoesNotRunBeforeItIsAsked) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  auto make = []() -> AsyncGenerator<int> {
                      note("body");
                      co_yield 1;
                      note("goes on");
                  };
                  { auto never_asked = make(); }
                  auto generator = make();
                  note("made");
                  co_await generator.next();
                  note("yielded");
                  co_await generator.next();
              }),
              "made, body, yielded, goes on");
}

TEST(AsyncGenerator, ExceptionComesOutOfNextAndEndsIt) {
    run([]() -> Coro<> {
        for (const bool with_turns : {false, true}) {
            auto make = [](bool wait) -> AsyncGenerator<int> {
                co_yield 1;
                if (wait) {
                    co_await sleep(0s);
                }
                throw ValueError("A");
            };
            auto generator = make(with_turns);
            EXPECT_EQ(*co_await generator.next(), 1);
            EXPECT_THROW(co_await generator.next(), ValueError);
            EXPECT_FALSE((co_await generator.next()).has_value());
        }
    });
}

TEST(AsyncGenerator, NextWhileItRunsIsRefused) {
    run([]() -> Coro<> {
        auto numbers = count_to(2, true);
        auto take = [&]() -> Coro<int> {
            const std::optional<int> number = co_await numbers.next();
            co_return *number;
        };
        const Task<int> first = create_task(take);
        co_await sleep(0s);
        EXPECT_THROW(co_await numbers.next(), RuntimeError);
        EXPECT_THROW(co_await numbers.aclose(), RuntimeError);
        EXPECT_EQ(co_await first, 1);
        EXPECT_EQ(*co_await numbers.next(), 2); // from a different task
    });
}

TEST(AsyncGenerator, CancelledWhileItWaitsEnds) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  auto make = []() -> AsyncGenerator<int> {
                      Local local;
                      co_await trace::forever();
                      co_yield 1;
                  };
                  auto generator = make();
                  auto ask = [&]() -> Coro<> { co_await generator.next(); };
                  Task<void> asking = create_task(ask);
                  co_await turns(2);
                  asking.cancel();
                  co_await trace::ended(asking);
                  note("cancelled", asking.cancelled());
                  const bool more = (co_await generator.next()).has_value();
                  note("more", more);
              }),
              "local destroyed, cancelled True, more False");
}

TEST(AsyncGenerator, DestroyedOrClosedDestroysTheLocalsOfItsBody) {
    auto make = []() -> AsyncGenerator<int> {
        Local local;
        co_yield 1;
        note("never");
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> {
                  {
                      auto generator = make();
                      co_await generator.next();
                      note("leaving");
                  }
                  auto generator = make();
                  co_await generator.next();
                  note("closing");
                  co_await generator.aclose();
                  const bool more = (co_await generator.next()).has_value();
                  note("more", more);
                  co_await generator.aclose();
              }),
              "leaving, local destroyed, closing, local destroyed, more False");
}

AsyncGenerator<int> walk(int depth) {
    if (depth > 0) {
        auto below = walk(depth - 1);
        while (auto number = co_await below.next()) {
            co_yield *number;
        }
    }
    co_yield depth;
}

TEST(AsyncGenerator, NestsDeeplyOnASmallStack) {
    run([]() -> Coro<> {
        auto numbers = walk(1000);
        int expected = 0;
        while (auto number = co_await numbers.next()) {
            EXPECT_EQ(*number, expected++);
            if (expected == 20) {
                break;
            }
        }
        EXPECT_EQ(expected, 20);
    });
}

TEST(AsyncGenerator, YieldsTwoMillionTimesWithAFlatStack) {
    run([]() -> Coro<> {
        for (const bool with_turns : {false, true}) {
            auto numbers = count_to(2'000'000, with_turns);
            std::int64_t sum = 0;
            while (auto number = co_await numbers.next()) {
                sum += *number;
            }
            EXPECT_EQ(sum, 2'000'001'000'000);
        }
    });
}

TEST(AsyncGenerator, DestroyedWhileATaskIsInItIsReportedAndTheTaskGoesOn) {
    std::string reported;
    run([&]() -> Coro<> {
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { reported = context.message; });
        Event event;
        auto one = [&]() -> AsyncGenerator<int> {
            const std::string local(100, 'x'); // lives until the task has left the body
            co_await event.wait();
            co_yield static_cast<int>(local.size());
        };
        auto generator = std::make_unique<AsyncGenerator<int>>(one());
        Task<std::optional<int>> task = create_task(
            [&]() -> Coro<std::optional<int>> { co_return co_await generator->next(); });
        co_await sleep(std::chrono::seconds(0));
        generator.reset();
        EXPECT_EQ(reported, "an asynchronous generator was destroyed while it was running");
        event.set();
        EXPECT_EQ(co_await task, 100);
    });
}

TEST(AsyncGenerator, DestroyedWhileATaskIsInItCanStillBeCancelled) {
    run([&]() -> Coro<> {
        get_running_loop().set_exception_handler([](EventLoop&, const ExceptionContext&) {});
        auto endless = []() -> AsyncGenerator<int> {
            co_await sleep(std::chrono::hours(1));
            co_yield 1;
        };
        auto generator = std::make_unique<AsyncGenerator<int>>(endless());
        Task<std::optional<int>> task = create_task(
            [&]() -> Coro<std::optional<int>> { co_return co_await generator->next(); });
        co_await sleep(std::chrono::seconds(0));
        generator.reset();
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
    });
}

} // namespace
