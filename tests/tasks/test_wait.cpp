// The traces equal those that tests/python/structured_concurrency.py prints for the cases of
// `wait`.

#include <sstream>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using trace::fail;
using trace::forever;
using trace::turns;

namespace {

std::string names(const std::vector<Task<void>>& tasks) {
    std::string text;
    for (const Task<void>& task : tasks) {
        text += task.name();
        if (task.done() && !task.cancelled()) {
            static_cast<void>(task.exception()); // marks the exception as retrieved
        }
    }
    return text;
}

/// "done | pending"
Coro<std::string> waited(std::vector<Task<void>> tasks, WaitOptions options) {
    const WaitResult<void> result = co_await wait(std::move(tasks), options);
    co_return names(result.done) + " | " + names(result.pending);
}

TEST(Wait, ReturnsWhenItIsAskedTo) {
    run([]() -> Coro<> {
        const Task<void> a = create_task(turns(2), {.name = "A"});
        const Task<void> b = create_task(fail("B", 6), {.name = "B"});
        Task<void> c = create_task(forever(), {.name = "C"});
        const std::vector<Task<void>> tasks{a, b, c};
        std::string text = co_await waited(tasks, {.timeout = 0s});
        EXPECT_EQ(text, " | ABC");
        text = co_await waited(tasks, {.return_when = ReturnWhen::FIRST_COMPLETED});
        EXPECT_EQ(text, "A | BC");
        text = co_await waited(tasks, {.return_when = ReturnWhen::FIRST_EXCEPTION});
        EXPECT_EQ(text, "AB | C");
        c.cancel();
        text = co_await waited(tasks, {});
        EXPECT_EQ(text, "ABC | ");
    });
}

TEST(Wait, ForTheFirstExceptionIsNotEndedByACancellation) {
    run([]() -> Coro<> {
        Task<void> d = create_task(forever(), {.name = "D"});
        const Task<void> e = create_task(turns(3), {.name = "E"});
        co_await sleep(0s);
        d.cancel();
        const std::vector<Task<void>> tasks{d, e};
        const std::string text =
            co_await waited(tasks, {.return_when = ReturnWhen::FIRST_EXCEPTION});
        EXPECT_EQ(text, "DE | ");
    });
}

TEST(Wait, CancelledLeavesItsTasksAlone) {
    run([]() -> Coro<> {
        Task<void> task = create_task(forever());
        const std::vector<Task<void>> tasks{task};
        auto waiting = create_task(wait(tasks));
        co_await turns(2);
        waiting.cancel();
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_FALSE(task.done());
        task.cancel();
    });
}

TEST(Wait, RefusesToWaitForNothing) {
    run([]() -> Coro<> { EXPECT_THROW(co_await wait(std::vector<Task<void>>()), ValueError); });
}

TEST(Wait, TimesOutWithWhatIsDone) {
    run([]() -> Coro<> {
        const Task<void> a = create_task(turns(1), {.name = "A"});
        Task<void> b = create_task(forever(), {.name = "B"});
        const std::vector<Task<void>> tasks{a, b};
        const std::string text = co_await waited(tasks, {.timeout = 1ms});
        EXPECT_EQ(text, "A | B");
        b.cancel();
    });
}

TEST(Wait, LetsATurnPassThoughEverythingIsDone) {
    run([]() -> Coro<> {
        const Task<void> done = create_task(turns(0));
        co_await turns(2);
        bool passed = false;
        auto pass = [&] { passed = true; };
        get_running_loop().call_soon(pass);
        const std::vector<Task<void>> tasks{done};
        co_await wait(tasks);
        EXPECT_TRUE(passed);
    });
}

TEST(Wait, ShowsWhoAwaitsWhom) {
    std::ostringstream out;
    run([&]() -> Coro<> {
        Task<void> inner = create_task(forever(), {.name = "inner"});
        const std::vector<Task<void>> tasks{inner};
        auto outer = create_task(wait(tasks), {.name = "outer"});
        co_await turns(2);
        get_running_loop().print_tasks(out);
        inner.cancel();
        co_await outer;
    });
    const auto outer = out.str().find("outer at ");
    EXPECT_NE(out.str().find("└── inner at ", outer), std::string::npos) << out.str();
}

Coro<int> number(int value, int after) {
    co_await turns(after);
    co_return value;
}

TEST(AsCompleted, YieldsTasksInTheOrderOfTheirCompletion) {
    run([]() -> Coro<> {
        std::vector<Task<int>> tasks;
        for (const int after : {5, 1, 3}) {
            tasks.push_back(create_task(number(after, after)));
        }
        auto completed = as_completed(tasks);
        co_await turns(4); // two are done before the first call of next
        std::vector<int> order;
        while (auto task = co_await completed.next()) {
            order.push_back(task->result());
        }
        EXPECT_EQ(order, (std::vector<int>{1, 3, 5}));
        EXPECT_FALSE((co_await completed.next()).has_value());
        EXPECT_FALSE((co_await as_completed(std::vector<Task<int>>()).next()).has_value());
    });
}

TEST(AsCompleted, TimesOutFromTheCallOn) {
    run([]() -> Coro<> {
        std::vector<Task<int>> tasks;
        tasks.push_back(create_task(number(1, 0)));
        auto never = []() -> Coro<int> {
            co_await forever();
            co_return 2;
        };
        tasks.push_back(create_task(never));
        auto completed = as_completed(tasks, 1ms);
        const auto first = co_await completed.next();
        EXPECT_EQ(first->result(), 1);
        EXPECT_THROW(co_await completed.next(), TimeoutError);
        EXPECT_FALSE((co_await completed.next()).has_value());
        EXPECT_FALSE(tasks[1].done());
        tasks[1].cancel();
    });
}

TEST(AsCompleted, CancelledWhileItWaitsCanBeAskedNoMore) {
    run([]() -> Coro<> {
        Task<int> slow = create_task(number(1, 6));
        auto completed = as_completed(std::vector<Task<int>>{slow});
        auto ask = [&]() -> Coro<> { co_await completed.next(); };
        Task<void> asking = create_task(ask);
        co_await turns(2);
        asking.cancel();
        co_await trace::ended(asking);
        EXPECT_TRUE(asking.cancelled());
        EXPECT_FALSE(slow.done());
        EXPECT_EQ(co_await slow, 1);
    });
}

} // namespace
