// Each trace equals the one that tests/python/structured_concurrency.py prints for the case of the
// same name.

#include <sstream>

#include <gtest/gtest.h>

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

TEST(WaitFor, TakesWhateverCanBeAwaited) {
    run([]() -> Coro<> {
        auto coro = [](int value) -> Coro<int> { co_return value; };
        EXPECT_EQ(co_await wait_for(coro(1), 1s), 1);
        auto callable = [kept = std::string("kept")]() -> Coro<std::string> {
            co_await sleep(0s);
            co_return kept;
        };
        EXPECT_EQ(co_await wait_for(callable, 1s), "kept");
        EXPECT_EQ(co_await wait_for(create_task(coro(2)), 1s), 2);
        const Task<int> task = create_task(coro(3));
        EXPECT_EQ(co_await wait_for(task, 1s), 3);
        Promise<int> promise;
        promise.set_result(4);
        EXPECT_EQ(co_await wait_for(promise.get_future(), 1s), 4);
        co_await wait_for(sleep(0s), 1s);
        EXPECT_EQ(co_await wait_for(sleep(0s, 5), std::nullopt), 5);
        Lock lock;
        EXPECT_TRUE(co_await wait_for(lock.acquire(), 1s));
        EXPECT_TRUE(lock.locked());
        auto [a, b] = co_await wait_for(gather(coro(6), coro(7)), 1s);
        EXPECT_EQ(a + b, 13);
        EXPECT_EQ(co_await wait_for(shield(coro(8)), 1s), 8);
    });
}

TEST(WaitFor, CancelsWhatIsLateAndWaitsForIt) {
    EXPECT_EQ(trace::of([]() -> Coro<> { co_await attempt(wait_for(noted("A"), 1ms)); }),
              "A cancelled, A ended, TimeoutError, cancelling 0");
}

TEST(WaitFor, YieldsTheValueThatAnswersTheCancellation) {
    auto stubborn = []() -> Coro<int> {
        try {
            co_await forever();
        } catch (const CancelledError&) {
        }
        co_return 1;
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(wait_for(stubborn(), 1ms)); }),
              "value 1, cancelling 0");
}

TEST(WaitFor, ThrowsTheExceptionThatAnswersTheCancellation) {
    EXPECT_EQ(trace::of([]() -> Coro<> { co_await attempt(wait_for(noted("A", true), 1ms)); }),
              "A cancelled, ValueError(A), cancelling 0");
}

TEST(WaitFor, WithoutTimeStartsNothing) {
    auto started = []() -> Coro<int> {
        note("started");
        co_return 1;
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> {
                  co_await attempt(wait_for(started(), 0s));
                  const Task<int> done = create_task(started());
                  co_await turns(2);
                  co_await attempt(wait_for(done, 0s));
                  const Task<void> pending = create_task(noted("A"));
                  co_await sleep(0s);
                  co_await attempt(wait_for(pending, -1s));
                  note("cancelled", pending.cancelled());
              }),
              "TimeoutError, cancelling 0, started, value 1, cancelling 0, A cancelled, A ended, "
              "TimeoutError, cancelling 0, cancelled True");
}

TEST(WaitFor, WithoutTimeLeavesAFreeLockFree) {
    run([]() -> Coro<> {
        Lock lock;
        try {
            co_await wait_for(lock.acquire(), 0s);
            ADD_FAILURE();
        } catch (const TimeoutError&) {
        }
        EXPECT_FALSE(lock.locked());
    });
}

std::string complete_and_cancel(bool cancel_first, bool as_task) {
    Event event;
    auto inner = [&]() -> Coro<int> {
        try {
            co_await event.wait();
            co_return 1;
        } catch (const CancelledError&) {
            note("inner cancelled");
            throw;
        }
    };
    auto main = [&]() -> Coro<> {
        if (as_task) {
            co_await attempt(wait_for(create_task(inner), 10s));
        } else {
            co_await attempt(wait_for(inner(), 10s));
        }
    };
    return trace::of([&]() -> Coro<> {
        Task<void> task = create_task(main);
        co_await turns(3);
        if (cancel_first) {
            task.cancel();
            event.set();
        } else {
            event.set();
            task.cancel();
        }
        co_await trace::ended(task);
    });
}

TEST(WaitFor, CancelledInTheTurnOfTheCompletionIsCancelledInBothOrders) {
    for (const bool cancel_first : {false, true}) {
        for (const bool as_task : {false, true}) {
            EXPECT_EQ(complete_and_cancel(cancel_first, as_task),
                      "inner cancelled, CancelledError, cancelling 1");
        }
    }
}

TEST(WaitFor, CancelledAfterItsTaskIsDoneIsCancelled) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  auto quick = []() -> Coro<int> {
                      co_await turns(2);
                      co_return 1;
                  };
                  const Task<int> inner = create_task(quick);
                  Task<void> task = create_task(attempt(wait_for(inner, 10s)));
                  while (!inner.done()) {
                      co_await sleep(0s);
                  }
                  note("waiter done", task.done());
                  task.cancel();
                  co_await trace::ended(task);
              }),
              "waiter done False, CancelledError, cancelling 1");
}

TEST(WaitFor, CancelledCancelsItsTaskAndWaitsForIt) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  const Task<void> inner = create_task(noted("A"));
                  Task<void> task = create_task(attempt(wait_for(inner, 10s)));
                  co_await turns(2);
                  task.cancel();
                  co_await task;
              }),
              "A cancelled, A ended, CancelledError, cancelling 1");
}

TEST(WaitFor, ThrowsTheCancelledErrorOfATaskThatAnotherTaskCancelled) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  Task<void> inner = create_task(forever());
                  Task<void> task = create_task(attempt(wait_for(inner, 10s)));
                  co_await turns(2);
                  inner.cancel();
                  co_await task;
              }),
              "CancelledError, cancelling 0");
}

TEST(WaitFor, CancelledInTheTurnOfTheCompletionLosesNoItem) {
    run([]() -> Coro<> {
        Queue<int> queue;
        auto get = [&]() -> Coro<> { co_await wait_for(queue.get(), 10s); };
        Task<void> task = create_task(get);
        co_await turns(2);
        queue.put_nowait(1);
        task.cancel();
        co_await trace::ended(task);
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(queue.qsize(), 1U);
    });
}

TEST(WaitFor, ShowsWhoAwaitsWhom) {
    std::ostringstream out;
    run([&]() -> Coro<> {
        Task<void> inner = create_task(forever(), {.name = "inner"});
        Task<void> outer = create_task(wait_for(inner, 10s), {.name = "outer"});
        co_await turns(2);
        get_running_loop().print_tasks(out);
        outer.cancel();
        co_await trace::ended(outer);
    });
    const auto outer = out.str().find("outer at ");
    EXPECT_NE(out.str().find("└── inner at ", outer), std::string::npos) << out.str();
}

} // namespace
