// Each trace equals the one that tests/python/structured_concurrency.py prints for the case of the
// same name.

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::attempt;
using trace::note;
using trace::noted;
using trace::turns;

namespace {

TEST(Shield, YieldsWhatItsTaskYields) {
    run([]() -> Coro<> {
        auto text = []() -> Coro<std::string> { co_return "value"; };
        EXPECT_EQ(co_await shield(text()), "value");
        EXPECT_EQ(co_await shield(text), "value");
        co_await shield(sleep(0s));
        auto failing = []() -> Coro<> {
            co_await sleep(0s);
            throw ValueError("A");
        };
        EXPECT_THROW(co_await shield(failing()), ValueError);
    });
}

TEST(Shield, LetsItsTaskGoOnWhenTheAwaitingOneIsCancelled) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  Event event;
                  auto work = [&]() -> Coro<int> {
                      co_await event.wait();
                      note("inner goes on");
                      co_return 1;
                  };
                  const Task<int> inner = create_task(work);
                  Task<void> task = create_task(attempt(shield(inner)));
                  co_await turns(2);
                  task.cancel();
                  co_await task;
                  event.set();
                  co_await attempt(inner);
              }),
              "CancelledError, cancelling 1, inner goes on, value 1, cancelling 0");
}

TEST(Shield, ThrowsCancelledErrorWhenItsTaskIsCancelled) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  Task<void> inner = create_task(noted("inner"));
                  Task<void> task = create_task(attempt(shield(inner)));
                  co_await turns(2);
                  inner.cancel();
                  co_await task;
              }),
              "inner cancelled, inner ended, CancelledError, cancelling 0");
}

TEST(Shield, KeepsATimeoutFromItsTask) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  Event event;
                  auto work = [&]() -> Coro<int> {
                      co_await event.wait();
                      co_return 1;
                  };
                  const Task<int> inner = create_task(work);
                  co_await attempt(wait_for(shield(inner), 1ms));
                  co_await attempt(wait_for(shield(inner), 0s));
                  event.set();
                  co_await attempt(inner);
              }),
              "TimeoutError, cancelling 0, TimeoutError, cancelling 0, value 1, cancelling 0");
}

TEST(Shield, CancelledInTheTurnOfItsTasksEndIsCancelled) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  auto work = []() -> Coro<int> {
                      co_await turns(2);
                      co_return 1;
                  };
                  const Task<int> inner = create_task(work);
                  Task<void> task = create_task(attempt(shield(inner)));
                  while (!inner.done()) {
                      co_await sleep(0s);
                  }
                  task.cancel();
                  co_await trace::ended(task);
              }),
              "CancelledError, cancelling 1");
}

TEST(Shield, ExceptionOfATaskThatIsNoLongerAwaitedIsReported) {
    std::string reported;
    run([&]() -> Coro<> {
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { reported += context.message; });
        auto failing = []() -> Coro<> {
            co_await turns(4);
            throw ValueError("A");
        };
        auto main = [&]() -> Coro<> { co_await shield(failing()); };
        Task<void> task = create_task(main);
        co_await turns(2);
        task.cancel();
        co_await trace::ended(task);
        co_await turns(5);
    });
    EXPECT_NE(reported.find("never retrieved"), std::string::npos) << reported;
}

TEST(Shield, OfAFutureLeavesNoTask) {
    run([]() -> Coro<> {
        Promise<int> promise;
        const Future<int> future = promise.get_future();
        for (int i = 0; i < 1'000; ++i) {
            EXPECT_THROW(co_await wait_for(shield(future), std::chrono::microseconds(1)),
                         TimeoutError);
        }
        EXPECT_EQ(all_tasks().size(), 1U);
        EXPECT_FALSE(future.done());
        promise.set_result(3);
        EXPECT_EQ(co_await shield(future), 3);
    });
}

TEST(Shield, OfAFutureCanBeGatheredAndTakesNothingFromItWhenCancelled) {
    run([]() -> Coro<> {
        Promise<int> promise;
        const Future<int> future = promise.get_future();
        Task<int> task = create_task(shield(future));
        co_await sleep(std::chrono::seconds(0));
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_FALSE(future.cancelled());
        promise.set_result(4);
        const auto [four] = co_await gather(shield(future));
        EXPECT_EQ(four, 4);
    });
}

} // namespace
