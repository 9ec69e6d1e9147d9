// Each trace equals the one that tests/python/structured_concurrency.py prints for the case of the
// same name.

#include <gtest/gtest.h>
#include <limits>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::attempt;
using trace::forever;
using trace::note;
using trace::noted;
using trace::turns;

namespace {

template <class F> std::string limited(std::chrono::nanoseconds delay, F body) {
    return trace::of([&]() -> Coro<> { co_await attempt(with_timeout(delay, body)); });
}

TEST(Timeout, YieldsTheBodysValueInTime) {
    run([]() -> Coro<> {
        auto text = []() -> Coro<std::string> { co_return "value"; };
        EXPECT_EQ(co_await with_timeout(10s, text), "value");
        int here = 0;
        auto reference = [&](Timeout&) -> Coro<int&> { co_return here; };
        EXPECT_EQ(&co_await with_timeout(10s, reference), &here);
        auto when = [](Timeout& timeout) -> Coro<bool> { co_return timeout.when().has_value(); };
        EXPECT_FALSE(co_await with_timeout(std::nullopt, when));
        EXPECT_FALSE(co_await with_timeout_at(std::nullopt, when));
        EXPECT_TRUE(co_await with_timeout_at(get_running_loop().time() + 1s, when));
    });
}

TEST(Timeout, CancelsTheBodyAndThrowsTimeoutError) {
    EXPECT_EQ(limited(1ms, []() -> Coro<> { co_await noted("body"); }),
              "body cancelled, body ended, TimeoutError, cancelling 0");
}

TEST(Timeout, SwallowedByTheBodyYieldsItsValue) {
    EXPECT_EQ(limited(1ms,
                      [](Timeout& timeout) -> Coro<int> {
                          try {
                              co_await forever();
                          } catch (const CancelledError&) {
                              note("expired", timeout.expired());
                          }
                          co_return 1;
                      }),
              "expired True, value 1, cancelling 0");
}

TEST(Timeout, AnsweredWithAnExceptionThrowsThat) {
    EXPECT_EQ(limited(1ms, []() -> Coro<> { co_await noted("body", true); }),
              "body cancelled, ValueError(body), cancelling 0");
}

TEST(Timeout, InnerOneExpiresAlone) {
    auto inner = []() -> Coro<> { co_await forever(); };
    EXPECT_EQ(limited(10s,
                      [&]() -> Coro<int> {
                          co_await attempt(with_timeout(1ms, inner));
                          co_return 1;
                      }),
              "TimeoutError, cancelling 0, value 1, cancelling 0");
}

TEST(Timeout, OuterOneThatExpiresIsNotTheInnerOnes) {
    auto inner = []() -> Coro<> { co_await forever(); };
    EXPECT_EQ(limited(1ms,
                      [&]() -> Coro<int> {
                          co_await attempt(with_timeout(10s, inner));
                          co_await sleep(0s);
                          co_return 1;
                      }),
              "CancelledError, cancelling 1, value 1, cancelling 0");
}

template <class Inner, class Outer> std::string nested(Inner inner_delay, Outer outer_delay) {
    auto inner = []() -> Coro<> { co_await noted("body"); };
    return limited(outer_delay, [&]() -> Coro<> {
        try {
            co_await with_timeout(inner_delay, inner);
        } catch (...) {
            note("inner " + trace::describe(std::current_exception()));
            throw;
        }
    });
}

TEST(Timeout, OuterOneExpiresThroughTheInnerOne) {
    EXPECT_EQ(nested(10s, 1ms),
              "body cancelled, body ended, inner CancelledError, TimeoutError, cancelling 0");
}

TEST(Timeout, BothExpireAndTheOuterOneThrows) {
    EXPECT_EQ(nested(-1s, -1s),
              "body cancelled, body ended, inner CancelledError, TimeoutError, cancelling 0");
}

std::string timeout_and_cancel(bool cancel_first) {
    auto body = [&](Timeout& timeout) -> Coro<> {
        co_await sleep(0s);
        EventLoop& loop = get_running_loop();
        auto cancel = [task = current_task()]() mutable { task.cancel(); };
        if (cancel_first) {
            loop.call_soon(cancel);
        }
        timeout.reschedule(loop.time());
        if (!cancel_first) {
            loop.call_soon(cancel);
        }
        co_await forever();
    };
    auto main = [&]() -> Coro<> { co_await attempt(with_timeout(10s, body)); };
    return trace::of([&]() -> Coro<> { co_await create_task(main); });
}

TEST(Timeout, ExpiredThenCancelledInTheSameTurnIsCancelled) {
    EXPECT_EQ(timeout_and_cancel(false), "CancelledError, cancelling 1");
}

TEST(Timeout, CancelledThenExpiredInTheSameTurnIsCancelled) {
    EXPECT_EQ(timeout_and_cancel(true), "CancelledError, cancelling 1");
}

TEST(Timeout, ThatIsOverAtOnceSparesABodyThatDoesNotWait) {
    EXPECT_EQ(limited(-1s, []() -> Coro<int> { co_return 1; }), "value 1, cancelling 0");
    for (const int count : {1, 2}) {
        EXPECT_EQ(limited(-1s,
                          [&]() -> Coro<int> {
                              co_await turns(count);
                              co_return 1;
                          }),
                  "TimeoutError, cancelling 0");
    }
}

TEST(Timeout, CanBeRescheduledUntilItExpires) {
    EXPECT_EQ(limited(1ms,
                      [](Timeout& timeout) -> Coro<> {
                          timeout.reschedule(std::nullopt);
                          note(timeout.when() ? "when" : "when None");
                          co_await sleep(2ms);
                          timeout.reschedule(get_running_loop().time() + 1ms);
                          try {
                              co_await forever();
                          } catch (const CancelledError&) {
                              try {
                                  timeout.reschedule(std::nullopt);
                              } catch (const RuntimeError&) {
                                  note("refused");
                              }
                              throw;
                          }
                      }),
              "when None, refused, TimeoutError, cancelling 0");
}

TEST(Timeout, WinsOverACompletionInTheSameTurn) {
    EXPECT_EQ(limited(10s,
                      [](Timeout& timeout) -> Coro<int> {
                          Event event;
                          auto set = [&] { event.set(); };
                          get_running_loop().call_soon(set);
                          timeout.reschedule(get_running_loop().time());
                          co_await event.wait();
                          co_return 1;
                      }),
              "TimeoutError, cancelling 0");
}

TEST(Timeout, SaysHowLongItWaited) {
    run([]() -> Coro<> {
        try {
            co_await with_timeout(1ms, forever);
            ADD_FAILURE();
        } catch (const TimeoutError& error) {
            EXPECT_EQ(std::string(error.what()).find("timed out after 0.0"), 0U) << error.what();
        }
    });
}

TEST(Durations, ThatAreNotANumberAreAValueErrorEverywhere) {
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    run([&]() -> Coro<> {
        EXPECT_THROW(co_await sleep(nan), ValueError);
        EXPECT_THROW(get_running_loop().call_later(nan, [] {}), ValueError);
        const auto body = []() -> Coro<> { co_return; };
        EXPECT_THROW(co_await with_timeout(nan, body), ValueError);
        EXPECT_THROW(co_await wait_for(sleep(std::chrono::seconds(0)), nan), ValueError);
    });
    Promise<int> promise;
    EXPECT_THROW(promise.get_future().result(nan), ValueError);
    ThreadsafeEvent event;
    EXPECT_THROW(event.wait_blocking(nan), ValueError);
}

TEST(Durations, BeyondTheClockAreAsLongAsCanBe) {
    using Seconds = std::chrono::duration<double>;
    run([&]() -> Coro<> {
        for (const double huge : {std::numeric_limits<double>::infinity(), 1e300, 1e18}) {
            Task<> task = create_task(sleep(Seconds(huge)));
            co_await sleep(std::chrono::seconds(0));
            co_await sleep(std::chrono::milliseconds(1));
            EXPECT_FALSE(task.done());
            task.cancel();
        }
        co_await sleep(Seconds(-std::numeric_limits<double>::infinity())); // does not wait
    });
}

} // namespace
