// Each trace equals the one that tests/python/structured_concurrency.py prints for the case of the
// same name.

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

TEST(TaskGroup, YieldsTheValueOfItsBodyWhenAllTasksAreDone) {
    run([]() -> Coro<> {
        int done = 0;
        auto body = [&](TaskGroup& group) -> Coro<std::string> {
            for (int i = 0; i < 3; ++i) {
                group.create_task([&]() -> Coro<> {
                    co_await turns(2);
                    ++done;
                });
            }
            co_return "value";
        };
        const std::string value = co_await with_task_group(body);
        EXPECT_EQ(value, "value");
        EXPECT_EQ(done, 3);
    });
}

TEST(TaskGroup, YieldsAReference) {
    run([]() -> Coro<> {
        int here = 1;
        auto body = [&](TaskGroup&) -> Coro<int&> { co_return here; };
        int& value = co_await with_task_group(body);
        EXPECT_EQ(&value, &here);
    });
}

TEST(TaskGroup, CreatesTasksAsCreateTaskDoes) {
    run([]() -> Coro<> {
        auto body = [](TaskGroup& group) -> Coro<> {
            auto coro = [](int value) -> Coro<int> { co_return value; };
            const Task<int> a = group.create_task(coro(1));
            const Task<int> b = group.create_task(coro(2), {.name = "b"});
            const Task<int> c = group.create_task(coro, 3);
            const Task<int> d = group.create_task({.name = "d"}, coro, 4);
            const Task<void> e = group.create_task(sleep(0s));
            const Task<int> f = group.create_task(coro(6), {.eager_start = true});
            EXPECT_TRUE(f.done());
            co_await turns(3);
            EXPECT_TRUE(e.done());
            EXPECT_EQ(a.result() + b.result() + c.result() + d.result() + f.result(), 16);
            EXPECT_EQ(b.name() + d.name(), "bd");
            EXPECT_NE(std::string(a.created_at().file_name()).find("test_task_group"),
                      std::string::npos);
        };
        co_await with_task_group(body);
    });
}

TEST(TaskGroup, FirstFailureCancelsSiblingsAndBody) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        group.create_task(fail("B", 1));
        co_await noted("body");
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> {
                  co_await attempt(with_task_group(body));
                  co_await sleep(0s);
                  note("still runs");
              }),
              "B fails, A cancelled, body cancelled, A ended, body ended, group[ValueError(B)], "
              "cancelling 0, still runs");
}

/// Runs `body` in a group in a task, and cancels the task after three turns.
template <class F> std::string cancelled_after_three_turns(F body) {
    return trace::of([&]() -> Coro<> {
        Task<void> task = create_task(attempt(with_task_group(body)));
        co_await turns(3);
        task.cancel();
        co_await task;
    });
}

TEST(TaskGroup, CancelledInItsBodyCancelsItsTasks) {
    EXPECT_EQ(cancelled_after_three_turns([](TaskGroup& group) -> Coro<> {
                  group.create_task(noted("A"));
                  co_await noted("body");
              }),
              "body cancelled, body ended, A cancelled, A ended, CancelledError, cancelling 1");
}

TEST(TaskGroup, CancelledWhileItWaitsCancelsItsTasks) {
    EXPECT_EQ(cancelled_after_three_turns([](TaskGroup& group) -> Coro<int> {
                  group.create_task(noted("A"));
                  co_return 1;
              }),
              "A cancelled, A ended, CancelledError, cancelling 1");
}

TEST(TaskGroup, CancellingAChildDoesNotDisturbTheOthers) {
    auto child = []() -> Coro<> {
        current_task().cancel();
        co_await sleep(0s);
    };
    auto body = [&](TaskGroup& group) -> Coro<int> {
        group.create_task(child());
        Task<void> b = group.create_task(forever());
        const Task<void> c = group.create_task(turns(5));
        co_await turns(2);
        b.cancel();
        co_await turns(2);
        note("open", !c.done());
        co_return 1;
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "open True, value 1, cancelling 0");
}

TEST(TaskGroup, FailureOfTheBodyCancelsTheTasks) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        co_await turns(2);
        throw ValueError("body");
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A cancelled, A ended, group[ValueError(body)], cancelling 0");
}

TEST(TaskGroup, FailuresOfTasksComeBeforeThatOfTheBody) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A", true));
        co_await turns(2);
        throw ValueError("body");
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A cancelled, group[ValueError(A) ValueError(body)], cancelling 0");
}

TEST(TaskGroup, CancelledFromOutsideWhileATaskFailsIsCancelledLater) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A", true));
        co_await forever();
    };
    auto main = [&]() -> Coro<> {
        co_await attempt(with_task_group(body));
        try {
            co_await sleep(0s);
            note("went on");
        } catch (const CancelledError&) {
            note("cancelled later");
        }
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> {
                  Task<void> task = create_task(main);
                  co_await turns(3);
                  task.cancel();
                  co_await task;
              }),
              "A cancelled, group[ValueError(A)], cancelling 1, cancelled later");
}

TEST(TaskGroup, NestedGroupsFailureComesOutAsAGroupWithinAGroup) {
    auto inner = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("C"));
        group.create_task(fail("D", 1));
        co_return;
    };
    auto outer = [&](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        group.create_task(with_task_group(inner));
        co_await noted("body");
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(outer)); }),
              "D fails, C cancelled, C ended, A cancelled, body cancelled, A ended, body ended, "
              "group[group[ValueError(D)]], cancelling 0");
}

TEST(TaskGroup, FailureInTheOuterGroupCancelsTheInnerOne) {
    auto inner = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("C"));
        co_await noted("inner body");
    };
    auto outer = [&](TaskGroup& group) -> Coro<> {
        group.create_task(fail("A", 3));
        co_await with_task_group(inner);
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(outer)); }),
              "A fails, inner body cancelled, inner body ended, C cancelled, C ended, "
              "group[ValueError(A)], cancelling 0");
}

TEST(TaskGroup, RefusesTasksWhileItShutsDown) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(fail("A"));
        try {
            co_await forever();
        } catch (const CancelledError&) {
            try {
                group.create_task(turns(0)); // refused, and not reported as never awaited
            } catch (const RuntimeError&) {
                note("refused");
            }
            throw;
        }
    };
    testing::internal::CaptureStderr();
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A fails, refused, group[ValueError(A)], cancelling 0");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(TaskGroup, AcceptsTasksInTheTurnOfAFailure) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(fail("A", 1));
        auto late = [&]() -> Coro<> {
            co_await sleep(0s);
            group.create_task(noted("C"));
            note("created");
        };
        group.create_task(late);
        co_await forever();
    };
    testing::internal::CaptureStderr();
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A fails, created, group[ValueError(A)], cancelling 0");
    testing::internal::GetCapturedStderr();
}

TEST(TaskGroup, FailsThoughItsBodySwallowsTheCancellation) {
    auto body = [](TaskGroup& group) -> Coro<int> {
        group.create_task(fail("A"));
        try {
            co_await forever();
        } catch (const CancelledError&) {
            note("swallowed");
        }
        co_return 1;
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A fails, swallowed, group[ValueError(A)], cancelling 0");
}

std::string failure_and_cancel(bool cancel_first) {
    Event event;
    auto failing = [&]() -> Coro<> {
        co_await event.wait();
        throw ValueError("B");
    };
    auto body = [&](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        group.create_task(failing);
        co_await forever();
    };
    return trace::of([&]() -> Coro<> {
        Task<void> task = create_task(attempt(with_task_group(body)));
        co_await turns(3);
        if (cancel_first) {
            task.cancel();
            event.set();
        } else {
            event.set();
            co_await sleep(0s);
            task.cancel();
        }
        co_await trace::ended(task);
    });
}

TEST(TaskGroup, CancelledInTheTurnOfAChildsFailureThrowsTheGroup) {
    EXPECT_EQ(failure_and_cancel(false),
              "A cancelled, A ended, group[ValueError(B)], cancelling 1");
}

TEST(TaskGroup, CancelledBeforeAChildCouldFailThrowsCancelledError) {
    EXPECT_EQ(failure_and_cancel(true), "A cancelled, A ended, CancelledError, cancelling 1");
}

TEST(TaskGroup, CancelledAgainWhileItsTasksCleanUpWaitsForThem) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        co_await forever();
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> {
                  Task<void> task = create_task(attempt(with_task_group(body)));
                  co_await turns(3);
                  task.cancel();
                  co_await turns(2);
                  task.cancel();
                  co_await task;
              }),
              "A cancelled, A ended, CancelledError, cancelling 2");
}

TEST(TaskGroup, KeyboardInterruptComesOutAsItself) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A", true));
        co_await turns(2);
        throw KeyboardInterrupt();
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await attempt(with_task_group(body)); }),
              "A cancelled, KeyboardInterrupt, cancelling 0");
}

TEST(TaskGroup, CancelledBeforeItIsEnteredRunsItsBodyToTheFirstSuspension) {
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(noted("A"));
        note("body");
        co_await sleep(0s);
        note("never");
    };
    auto main = [&]() -> Coro<> {
        current_task().cancel();
        co_await attempt(with_task_group(body));
    };
    EXPECT_EQ(trace::of([&]() -> Coro<> { co_await create_task(main); }),
              "body, A cancelled, A ended, CancelledError, cancelling 1");
}

TEST(TaskGroup, TasksOfOneCanCreateMoreInIt) {
    int done = 0;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto spawn = [&](auto& self, int depth) -> Coro<> {
            ++done;
            if (depth > 0) {
                group.create_task(self(self, depth - 1));
                group.create_task(self(self, depth - 1));
            }
            co_await sleep(0s);
        };
        group.create_task(spawn(spawn, 9));
        co_await turns(30);
    };
    run([&]() -> Coro<> { co_await with_task_group(body); });
    EXPECT_EQ(done, 1023);
}

TEST(TaskGroup, ShowsWhoAwaitsWhom) {
    std::ostringstream out;
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(forever(), {.name = "child 1"});
        group.create_task(forever(), {.name = "child 2"});
        co_return;
    };
    run([&]() -> Coro<> {
        Task<void> parent = create_task(with_task_group(body), {.name = "parent"});
        co_await turns(3);
        get_running_loop().print_tasks(out);
        parent.cancel();
        co_await sleep(0s);
    });
    const std::string tree = out.str();
    const auto parent = tree.find("parent at ");
    EXPECT_NE(parent, std::string::npos) << tree;
    EXPECT_NE(tree.find("├── child 1 at ", parent), std::string::npos) << tree;
    EXPECT_NE(tree.find("└── child 2 at ", parent), std::string::npos) << tree;
}

TEST(TaskGroup, ThatIsAbandonedByItsLoopReleasesItsTasks) {
    EventLoop loop;
    auto body = [](TaskGroup& group) -> Coro<> {
        group.create_task(forever());
        group.create_task(turns(2));
        co_await forever();
    };
    testing::internal::CaptureStderr();
    {
        const Task<void> task = loop.create_task(with_task_group(body));
        loop.run_until_complete(turns(3)); // the second task's completion is in the ready queue
    }
    loop.close();
    testing::internal::GetCapturedStderr();
}

} // namespace
