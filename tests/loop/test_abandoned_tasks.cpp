// Closes a loop while its tasks await each other in every possible way. Meant for the sanitizers:
// no frame may be used after it is destroyed, whichever of two tasks is destroyed first.

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::forever;
using trace::turns;

namespace {

template <class F> void close_over(F await_it) {
    for (const bool awaited_first : {false, true}) {
        EventLoop loop;
        std::vector<Task<void>> awaited;
        if (awaited_first) {
            awaited.push_back(loop.create_task(forever()));
        }
        auto main = [&]() -> Coro<> {
            if (!awaited_first) {
                awaited.push_back(create_task(forever()));
            }
            co_await await_it(awaited[0]);
        };
        testing::internal::CaptureStderr();
        const Task<void> task = loop.create_task(main());
        loop.run_until_complete(turns(3));
        loop.close();
        const std::string report = testing::internal::GetCapturedStderr();
        EXPECT_NE(report.find("destroyed but it is pending"), std::string::npos) << report;
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(awaited[0].cancelled());
    }
}

TEST(AbandonedTasks, AwaitEachOther) {
    close_over([](Task<void> task) -> Coro<> { co_await task; });
}

TEST(AbandonedTasks, Shield) {
    close_over([](Task<void> task) -> Coro<> { co_await shield(task); });
}

TEST(AbandonedTasks, Gather) {
    close_over([](Task<void> task) -> Coro<> { co_await gather(task, sleep(1h)); });
}

TEST(AbandonedTasks, Wait) {
    close_over([](Task<void> task) -> Coro<> {
        const std::vector<Task<void>> tasks{task};
        co_await wait(tasks);
    });
}

TEST(AbandonedTasks, WaitFor) {
    close_over([](Task<void> task) -> Coro<> { co_await wait_for(task, 1h); });
}

TEST(AbandonedTasks, AsCompleted) {
    close_over([](Task<void> task) -> Coro<> {
        auto completed = as_completed(std::vector<Task<void>>{task}, 1h);
        co_await completed.next();
    });
}

TEST(AbandonedTasks, AGeneratorThatOutlivesItsTaskHasEnded) {
    Event event;
    auto one = [&]() -> AsyncGenerator<int> {
        co_await event.wait();
        co_yield 1;
    };
    AsyncGenerator<int> generator = one();
    {
        EventLoop loop;
        loop.set_exception_handler([](EventLoop&, const ExceptionContext&) {});
        auto take = [&]() -> Coro<> { co_await generator.next(); };
        const Task<> task = loop.create_task(take());
        loop.run_until_complete(turns(3));
        loop.close();
        EXPECT_TRUE(task.cancelled());
    }
    event.set(); // wakes nobody
    run([&]() -> Coro<> { EXPECT_FALSE(co_await generator.next()); });
}

TEST(AbandonedTasks, TaskGroup) {
    close_over([](Task<void> task) -> Coro<> {
        auto body = [&](TaskGroup& group) -> Coro<> {
            group.create_task(forever());
            co_await task;
        };
        co_await with_task_group(body);
    });
}

} // namespace
