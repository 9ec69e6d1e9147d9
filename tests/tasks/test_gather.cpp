// Each trace equals the one that tests/python/structured_concurrency.py prints for the case of the
// same name.

#include <memory>
#include <sstream>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::attempt;
using trace::fail;
using trace::forever;
using trace::note;
using trace::noted;
using trace::turns;

namespace {

Coro<int> number(int value, int after = 0) {
    co_await turns(after);
    co_return value;
}

TEST(Gather, YieldsTheResultsInTheOrderGiven) {
    run([]() -> Coro<> {
        auto text = []() -> Coro<std::string> { co_return "text"; };
        const Task<int> task = create_task(number(3));
        auto [a, b, c, d, e] = co_await gather(number(1, 3), text, task, turns(1), sleep(0s, 2.5));
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, "text");
        EXPECT_EQ(c, 3);
        EXPECT_EQ(d, std::monostate());
        EXPECT_EQ(e, 2.5);
        const std::tuple<> nothing = co_await gather();
        static_cast<void>(nothing);
    });
}

TEST(Gather, MovesOutWhatCannotBeCopiedAndKeepsReferences) {
    run([]() -> Coro<> {
        int here = 0;
        auto pointer = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(1); };
        auto reference = [&]() -> Coro<int&> { co_return here; };
        auto [a, b] = co_await gather(pointer(), reference());
        EXPECT_EQ(*a, 1);
        EXPECT_EQ(&b, &here);
    });
}

TEST(Gather, TakesVectors) {
    run([]() -> Coro<> {
        std::vector<Coro<int>> coros;
        std::vector<Task<int>> tasks;
        std::vector<Coro<>> voids;
        for (int i = 0; i < 100; ++i) {
            coros.push_back(number(i, 100 - i));
            tasks.push_back(create_task(number(i)));
            voids.push_back(turns(1));
        }
        const std::vector<int> from_coros = co_await gather(std::move(coros));
        const std::vector<int> from_tasks = co_await gather(tasks);
        const std::vector<std::monostate> from_voids = co_await gather(std::move(voids));
        EXPECT_EQ(from_coros.size() + from_voids.size(), 200U);
        EXPECT_EQ(from_coros, from_tasks);
        EXPECT_EQ(from_coros[42], 42);
        EXPECT_TRUE((co_await gather(std::vector<Coro<int>>())).empty());
    });
}

TEST(Gather, SchedulesItsChildrenAtTheCall) {
    run([]() -> Coro<> {
        bool ran = false;
        auto child = [&]() -> Coro<int> {
            ran = true;
            co_return 1;
        };
        auto later = gather(child());
        co_await turns(2);
        EXPECT_TRUE(ran);
        EXPECT_EQ(std::get<0>(co_await std::move(later)), 1);
        {
            auto dropped = gather(number(1), number(2)); // continues, as in Python
            static_cast<void>(dropped);
        }
        EXPECT_EQ(std::get<1>(co_await create_task(gather(number(3), number(4)))), 4);
    });
}

TEST(Gather, FirstExceptionComesOutWhileTheOthersGoOn) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  const Task<void> other = create_task(turns(9));
                  co_await attempt(gather(fail("A", 1), other, fail("B", 5)));
                  note("other done", other.done());
                  co_await other;
                  note("other ended");
              }),
              "A fails, ValueError(A), cancelling 0, other done False, B fails, other ended");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), ""); // the second exception is not reported
}

TEST(Gather, FirstExceptionIsTheFirstInTime) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  auto both = gather(fail("A", 2), fail("B"));
                  co_await turns(5);
                  co_await attempt(std::move(both));
              }),
              "B fails, A fails, ValueError(B), cancelling 0");
}

/// Cancels a task that awaits `make()` after three turns.
template <class F> std::string cancelled(F make) {
    return trace::of([&]() -> Coro<> {
        auto main = [&]() -> Coro<> { co_await attempt(make()); };
        Task<void> task = create_task(main);
        co_await turns(3);
        task.cancel();
        co_await task;
        co_await turns(5);
    });
}

TEST(Gather, CancelledCancelsItsChildren) {
    EXPECT_EQ(cancelled([] { return gather(noted("A"), noted("B")); }),
              "A cancelled, B cancelled, A ended, B ended, CancelledError, cancelling 1");
}

TEST(Gather, CancelledThrowsTheExceptionThatAChildAnswersWith) {
    EXPECT_EQ(cancelled([] { return gather(noted("A", true), noted("B")); }),
              "A cancelled, B cancelled, B ended, ValueError(A), cancelling 1");
}

TEST(Gather, CancelledInVainThrowsCancelledError) {
    auto stubborn = [](std::string name) -> Coro<int> {
        try {
            co_await forever();
        } catch (const CancelledError&) {
            note(name + " swallows");
        }
        co_return 1;
    };
    EXPECT_EQ(cancelled([&] { return gather(stubborn("A"), stubborn("B")); }),
              "A swallows, B swallows, CancelledError, cancelling 1");
}

TEST(Gather, SettledAndCancelledThrowsCancelledError) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(cancelled([] { return gather_settled(noted("A", true), noted("B")); }),
              "A cancelled, B cancelled, B ended, CancelledError, cancelling 1");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Gather, ThrowsTheCancelledErrorOfAChildWhileTheOthersGoOn) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  const Task<void> other = create_task(turns(9));
                  Task<void> child = create_task(forever());
                  Task<void> task = create_task(attempt(gather(child, other)));
                  co_await turns(2);
                  child.cancel();
                  co_await task;
                  note("other done", other.done());
                  co_await other;
              }),
              "CancelledError, cancelling 0, other done False");
}

TEST(Gather, WithoutTimeCancelsItsChildren) {
    EXPECT_EQ(trace::of([]() -> Coro<> {
                  co_await attempt(wait_for(gather(noted("A"), noted("B")), 0s));
                  const Task<void> child = create_task(noted("C"));
                  co_await sleep(0s);
                  co_await attempt(wait_for(gather(child), 0s));
              }),
              "TimeoutError, cancelling 0, C cancelled, C ended, TimeoutError, cancelling 0");
}

TEST(Gather, SettledSaysHowEachEnded) {
    run([]() -> Coro<> {
        Task<int> child = create_task(number(1, 9));
        child.cancel();
        auto failing = []() -> Coro<> {
            throw ValueError("A");
            co_return;
        };
        auto [a, b, c, d] = co_await gather_settled(number(1), failing(), child, turns(2));
        EXPECT_TRUE(a.has_value());
        EXPECT_EQ(a.value(), 1);
        EXPECT_EQ(a.error(), nullptr);
        EXPECT_FALSE(b.has_value());
        EXPECT_THROW(b.value(), ValueError);
        EXPECT_THROW(c.value(), CancelledError);
        EXPECT_NO_THROW(d.value());
        std::vector<Coro<int>> coros;
        coros.push_back(number(1));
        coros.push_back(number(2));
        auto outcomes = co_await gather_settled(std::move(coros));
        EXPECT_EQ(outcomes.at(1).value(), 2);
    });
}

TEST(Gather, RefusesTasksOfAnotherLoop) {
    EventLoop other;
    {
        const Task<int> task = other.create_task(number(1));
        auto main = [&]() -> Coro<> { EXPECT_THROW(co_await gather(task), ValueError); };
        run(main);
        testing::internal::CaptureStderr(); // the coroutine was never awaited
        EXPECT_THROW(static_cast<void>(gather(number(1))), RuntimeError); // no running loop
        testing::internal::GetCapturedStderr();
        other.run_until_complete(task);
    }
}

TEST(Gather, ShowsWhoAwaitsWhom) {
    std::ostringstream out;
    run([&]() -> Coro<> {
        Task<void> a = create_task(forever(), {.name = "A"});
        Task<void> b = create_task(forever(), {.name = "B"});
        auto main = [&]() -> Coro<> { co_await gather(a, b); };
        Task<void> outer = create_task({.name = "outer"}, main);
        co_await turns(2);
        get_running_loop().print_tasks(out);
        outer.cancel();
        co_await trace::ended(outer);
    });
    const auto outer = out.str().find("outer at ");
    EXPECT_NE(out.str().find("├── A at ", outer), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("└── B at ", outer), std::string::npos) << out.str();
}

} // namespace
