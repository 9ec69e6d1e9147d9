#include <chrono>
#include <hocket/hocket.hpp>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/exception_group.hpp>
#include <hocket/future.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<int> after_a_turn(int value) {
    co_await sleep(0s);
    co_return value;
}

Coro<> sleep_forever() { co_await sleep(1h); }

Coro<> fail() {
    co_await sleep(0s);
    throw std::runtime_error("no luck");
}

/// Ways to await a task that fails in the same turn in which the awaiting task is cancelled.
using AwaitIt = Coro<> (*)(Task<>);

class CancelledAsTheAwaitedFails : public testing::TestWithParam<AwaitIt> {};

TEST_P(CancelledAsTheAwaitedFails, IsSilent) {
    const AwaitIt await_it = GetParam();
    for (const bool fails_first : {true, false}) {
        std::string reported;
        run([&]() -> Coro<> {
            get_running_loop().set_exception_handler(
                [&](EventLoop&, const ExceptionContext& context) { reported += context.message; });
            Event event;
            Task<> failing = create_task([&]() -> Coro<> {
                co_await event.wait();
                throw ValueError("failed");
            });
            Task<> awaiting = create_task(await_it, failing);
            co_await sleep(std::chrono::seconds(0));
            co_await sleep(std::chrono::seconds(0));
            event.set();
            if (fails_first) {
                while (!failing.done()) {
                    co_await sleep(std::chrono::seconds(0));
                }
            }
            awaiting.cancel();
            try {
                co_await awaiting;
            } catch (const CancelledError&) {
            } catch (const ValueError&) { // the task's reaction to the cancellation, which a gather
                                          // passes on
            }
        });
        EXPECT_EQ(reported, "");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Awaited, CancelledAsTheAwaitedFails,
    testing::Values([](Task<> task) -> Coro<> { co_await task; },
                    [](Task<> task) -> Coro<> { co_await wait_for(task, std::chrono::hours(1)); },
                    [](Task<> task) -> Coro<> { co_await gather(task); },
                    [](Task<> task) -> Coro<> { co_await gather_settled(task); }));

} // namespace

TEST(Task, StartsInTheNextTurn) {
    const auto main = []() -> Coro<std::string> {
        std::string order;
        const auto child = [&]() -> Coro<> {
            order += "child ";
            co_return;
        };
        auto task = create_task(child);
        order += "parent ";
        co_await task;
        co_return order;
    };
    EXPECT_EQ(run(main), "parent child ");
}

TEST(Task, StartsAtOnceWhenEager) {
    const auto main = []() -> Coro<std::string> {
        std::string order;
        const auto child = [&]() -> Coro<int> {
            order += "child ";
            EXPECT_EQ(current_task().name(), "eager");
            co_return 1;
        };
        auto task = create_task({.name = "eager", .eager_start = true}, child);
        order += "parent ";
        EXPECT_TRUE(task.done());
        EXPECT_EQ(task.result(), 1);
        co_return order;
    };
    EXPECT_EQ(run(main), "child parent ");
}

TEST(Task, CanBeAwaitedAnyNumberOfTimes) {
    const auto main = []() -> Coro<int> {
        const auto task = create_task(after_a_turn(4));
        const int first = co_await task;
        const int second = co_await task;
        co_return first + second + task.result();
    };
    EXPECT_EQ(run(main), 12);
}

TEST(Task, IsAwaitedBySeveralTasksAtOnce) {
    const auto main = []() -> Coro<int> {
        const auto task = create_task(after_a_turn(4));
        const auto wait = [task]() -> Coro<int> { co_return co_await task; };
        const auto a = create_task(wait);
        const auto b = create_task(wait);
        const int first = co_await a;
        co_return first + co_await b;
    };
    EXPECT_EQ(run(main), 8);
}

TEST(Task, RunsOnWithoutItsHandle) {
    const auto main = []() -> Coro<bool> {
        bool ran = false;
        const auto child = [&]() -> Coro<> {
            co_await sleep(1ms);
            ran = true;
        };
        create_task(child);
        co_await sleep(20ms);
        co_return ran;
    };
    EXPECT_TRUE(run(main));
}

TEST(Task, KeepsTheCallableAndItsArguments) {
    const auto main = []() -> Coro<std::string> {
        auto task = [] {
            // The captures and arguments are destroyed before the task starts.
            const auto word = std::make_shared<std::string>("kept ");
            const auto body = [word](const std::string& more) -> Coro<std::string> {
                co_await sleep(0s);
                co_return *word + more;
            };
            return create_task(body, std::string("alive, and long enough for the heap"));
        }();
        co_return co_await task;
    };
    EXPECT_EQ(run(main), "kept alive, and long enough for the heap");
}

TEST(Task, HasANameAndPlaces) {
    const auto main = []() -> Coro<> {
        auto named = create_task(sleep_forever(), {.name = "sleeper"});
        auto unnamed = create_task(sleep_forever());
        EXPECT_EQ(named.name(), "sleeper");
        EXPECT_EQ(unnamed.name().substr(0, 5), "Task-");
        EXPECT_NE(unnamed.name(), create_task(after_a_turn(1)).name());
        unnamed.set_name("renamed");
        EXPECT_EQ(unnamed.name(), "renamed");
        EXPECT_STREQ(named.created_at().file_name(), __FILE__);
        co_await sleep(0s);
        EXPECT_STREQ(named.waiting_at().file_name(), __FILE__);
        EXPECT_NE(std::string(named.waiting_at().function_name()).find("sleep_forever"),
                  std::string::npos);
        std::ostringstream stack;
        named.print_stack(stack);
        EXPECT_NE(stack.str().find("sleeper"), std::string::npos) << stack.str();
        EXPECT_NE(stack.str().find("test_task.cpp:"), std::string::npos) << stack.str();
    };
    run(main);
}

TEST(Task, PrintsWhereItIsAlsoWhileItRuns) {
    const auto main = []() -> Coro<> {
        co_await sleep(0s);
        std::ostringstream stack;
        current_task().print_stack(stack);
        EXPECT_NE(stack.str().find("test_task.cpp:"), std::string::npos) << stack.str();
    };
    run(main);
}

TEST(Task, ResultBeforeTheEndIsAnInvalidState) {
    const auto main = []() -> Coro<> {
        const auto task = create_task(after_a_turn(1));
        EXPECT_THROW(task.result(), InvalidStateError);
        EXPECT_THROW(static_cast<void>(task.exception()), InvalidStateError);
        co_await task;
        EXPECT_EQ(task.result(), 1);
        EXPECT_EQ(task.exception(), nullptr);
    };
    run(main);
}

TEST(Task, AnEmptyHandleSaysSo) {
    const Task<int> none;
    EXPECT_FALSE(none);
    EXPECT_THROW(static_cast<void>(none.done()), RuntimeError);
}

TEST(Task, CannotAwaitItself) {
    const auto main = []() -> Coro<> {
        Task<> self;
        const auto body = [&]() -> Coro<> { co_await self; };
        self = create_task(body);
        try {
            co_await self;
            ADD_FAILURE();
        } catch (const RuntimeError& error) {
            EXPECT_NE(std::string(error.what()).find("cannot await itself"), std::string::npos);
        }
    };
    run(main);
}

TEST(Task, NeedsARunningLoop) {
    auto coro = after_a_turn(1);
    EXPECT_THROW(create_task(std::move(coro)), RuntimeError);
    EXPECT_FALSE(current_task());
    EXPECT_THROW(static_cast<void>(all_tasks()), RuntimeError);
}

TEST(Task, IsListedUntilItIsDone) {
    const auto main = []() -> Coro<> {
        EXPECT_EQ(all_tasks().size(), 1U);
        const auto task = create_task(after_a_turn(1));
        EXPECT_EQ(all_tasks().size(), 2U);
        co_await task;
        EXPECT_EQ(all_tasks().size(), 1U);
        EXPECT_EQ(all_tasks().front(), current_task());
    };
    run(main);
}

// -- cancellation ----------------------------------------------------------------------------

TEST(TaskCancellation, ThrowsAtTheAwait) {
    const auto main = []() -> Coro<> {
        std::string trace;
        const auto body = [&]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError& error) {
                trace = "cancelled: " + error.message();
                throw;
            }
        };
        auto task = create_task(body);
        co_await sleep(0s);
        EXPECT_TRUE(task.cancel("enough"));
        EXPECT_FALSE(task.done());
        try {
            co_await task;
            ADD_FAILURE();
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "enough");
        }
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(trace, "cancelled: enough");
        EXPECT_FALSE(task.cancel());
    };
    run(main);
}

TEST(TaskCancellation, BeforeTheFirstStepTheBodyNeverRuns) {
    const auto main = []() -> Coro<> {
        bool ran = false;
        const auto body = [&]() -> Coro<> {
            ran = true;
            co_return;
        };
        auto task = create_task(body);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_FALSE(ran);
        EXPECT_TRUE(task.cancelled());
    };
    // EXPECT_THROW puts a co_await into its own try block, which both compilers allow.
    run(main);
}

TEST(TaskCancellation, CanBeSwallowedAndTheTaskGoesOn) {
    const auto main = []() -> Coro<> {
        const auto stubborn = []() -> Coro<int> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
            }
            co_await sleep(0s);
            co_return current_task().cancelling();
        };
        auto task = create_task(stubborn);
        co_await sleep(0s);
        task.cancel();
        EXPECT_EQ(co_await task, 1);
        EXPECT_FALSE(task.cancelled());
    };
    run(main);
}

TEST(TaskCancellation, IsNotCaughtAsAStdException) {
    const auto main = []() -> Coro<> {
        const auto careless = []() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const std::exception&) {
                ADD_FAILURE();
            }
        };
        auto task = create_task(careless);
        co_await sleep(0s);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
    };
    run(main);
}

TEST(TaskCancellation, OfTheAwaiterCancelsTheAwaitedTask) {
    const auto main = []() -> Coro<> {
        auto inner = create_task(sleep_forever());
        const auto wait = [inner]() -> Coro<> { co_await inner; };
        auto outer = create_task(wait);
        co_await sleep(0s);
        outer.cancel("outer");
        EXPECT_THROW(co_await outer, CancelledError);
        EXPECT_TRUE(inner.cancelled());
        EXPECT_TRUE(outer.cancelled());
    };
    run(main);
}

TEST(TaskCancellation, CountsAndCanBeTakenBack) {
    const auto main = []() -> Coro<> {
        auto task = create_task(sleep_forever());
        co_await sleep(0s);
        task.cancel();
        task.cancel();
        EXPECT_EQ(task.cancelling(), 2);
        EXPECT_EQ(task.uncancel(), 1);
        EXPECT_EQ(task.uncancel(), 0);
        EXPECT_EQ(task.uncancel(), 0);
        EXPECT_THROW(co_await task, CancelledError); // the operation was cancelled already
    };
    run(main);
}

// Python 3.13: uncancel() to zero withdraws a request that has not been delivered.
TEST(TaskCancellation, TakenBackBeforeItIsDeliveredIsForgotten) {
    const auto main = []() -> Coro<int> {
        const auto body = []() -> Coro<int> {
            auto self = current_task();
            self.cancel();
            self.uncancel();
            co_await sleep(0s);
            co_return 1;
        };
        co_return co_await create_task(body);
    };
    EXPECT_EQ(run(main), 1);
}

TEST(TaskCancellation, OfItselfComesAtTheNextSuspension) {
    const auto main = []() -> Coro<> {
        std::string trace;
        const auto body = [&]() -> Coro<> {
            current_task().cancel();
            trace += "on ";
            co_await after_a_turn(1);
            trace += "never";
        };
        auto task = create_task(body);
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_EQ(trace, "on ");
    };
    run(main);
}

TEST(TaskCancellation, InItsLastStepWinsOverTheResult) {
    const auto main = []() -> Coro<> {
        const auto body = []() -> Coro<int> {
            current_task().cancel("late");
            co_return 1;
        };
        auto task = create_task(body);
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_TRUE(task.cancelled());
    };
    run(main);
}

TEST(TaskCancellation, AfterTheAwaitedTaskEndedInTheSameTurnStillCancels) {
    const auto main = []() -> Coro<> {
        Promise<int> promise;
        const auto inner = create_task(after_a_turn(1));
        const auto wait = [inner]() -> Coro<> {
            co_await inner;
            ADD_FAILURE();
        };
        auto outer = create_task(wait);
        while (!inner.done()) {
            co_await sleep(0s);
        }
        // inner is done and outer is about to run: cancel comes second.
        if (!outer.done()) {
            outer.cancel();
        }
        EXPECT_THROW(co_await outer, CancelledError);
        EXPECT_FALSE(inner.cancelled());
    };
    run(main);
}

TEST(TaskCancellation, BeforeTheSleepEndsInTheSameTurnCancels) {
    const auto main = []() -> Coro<> {
        auto task = create_task(sleep_forever());
        auto brief = create_task(static_cast<Coro<>>(sleep(1ms)));
        co_await brief;
        EXPECT_TRUE(task.cancel());
        EXPECT_TRUE(task.cancel()); // a second request in the same turn
        EXPECT_THROW(co_await task, CancelledError);
    };
    run(main);
}

TEST(TaskCancellation, FromAnotherThreadIsPostedToTheLoop) {
    const auto main = []() -> Coro<> {
        auto task = create_task(sleep_forever());
        co_await sleep(0s);
        std::thread other([task]() mutable { EXPECT_TRUE(task.cancel("from afar")); });
        try {
            co_await task;
            ADD_FAILURE();
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "from afar");
        }
        other.join();
    };
    run(main);
}

// -- done callbacks and reports ----------------------------------------------------------------

TEST(TaskCallbacks, AreCalledThroughTheLoopInOrder) {
    const auto main = []() -> Coro<std::string> {
        std::string order;
        auto task = create_task(after_a_turn(3));
        task.add_done_callback(
            [&](Task<int> done) { order += std::to_string(done.result()) + " "; });
        task.add_done_callback([&] { order += "second "; });
        const auto removed = task.add_done_callback([&] { order += "removed "; });
        EXPECT_TRUE(task.remove_done_callback(removed));
        EXPECT_FALSE(task.remove_done_callback(removed));
        co_await task;
        co_await sleep(0s);
        task.add_done_callback([&] { order += "late"; });
        co_await sleep(0s);
        co_return order;
    };
    EXPECT_EQ(run(main), "3 second late");
}

TEST(TaskCallbacks, ThatThrowGoToTheExceptionHandler) {
    const auto main = []() -> Coro<std::string> {
        std::string reported;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reported = describe_exception(context.exception);
        });
        auto task = create_task(after_a_turn(3));
        task.add_done_callback([] { throw std::logic_error("bad callback"); });
        co_await task;
        co_await sleep(0s);
        co_return reported;
    };
    EXPECT_NE(run(main).find("bad callback"), std::string::npos);
}

TEST(TaskReports, AnUnretrievedExceptionIsReportedWithItsPlace) {
    const auto main = []() -> Coro<ExceptionContext> {
        ExceptionContext reported;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { reported = context; });
        create_task(fail(), {.name = "unlucky"});
        co_await sleep(0s);
        co_await sleep(0s);
        co_await sleep(0s);
        co_return reported;
    };
    const ExceptionContext reported = run(main);
    EXPECT_NE(reported.message.find("unlucky"), std::string::npos) << reported.message;
    EXPECT_NE(reported.message.find("never retrieved"), std::string::npos) << reported.message;
    EXPECT_NE(describe_exception(reported.exception).find("no luck"), std::string::npos);
    EXPECT_STREQ(reported.created_at.file_name(), __FILE__);
}

TEST(TaskReports, ARetrievedExceptionIsNotReported) {
    const auto main = []() -> Coro<int> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        {
            auto awaited = create_task(fail());
            EXPECT_THROW(co_await awaited, std::runtime_error);
            auto asked = create_task(fail());
            while (!asked.done()) {
                co_await sleep(0s);
            }
            EXPECT_NE(asked.exception(), nullptr);
        }
        co_await sleep(0s);
        co_return reports;
    };
    EXPECT_EQ(run(main), 0);
}

TEST(TaskReports, ACancelledTaskIsNotReported) {
    const auto main = []() -> Coro<int> {
        int reports = 0;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext&) { ++reports; });
        create_task(sleep_forever()).cancel();
        co_await sleep(0s);
        co_await sleep(0s);
        co_return reports;
    };
    EXPECT_EQ(run(main), 0);
}

TEST(TaskReports, TheTreeShowsWhoAwaitsWhom) {
    const auto main = []() -> Coro<std::string> {
        auto leaf = create_task(sleep_forever(), {.name = "leaf"});
        const auto wait = [leaf]() -> Coro<> { co_await leaf; };
        auto middle = create_task({.name = "middle"}, wait);
        const auto wait_more = [middle]() -> Coro<> { co_await middle; };
        auto top = create_task({.name = "top"}, wait_more);
        co_await sleep(0s);
        co_await sleep(0s);
        std::ostringstream out;
        get_running_loop().print_tasks(out);
        co_return out.str();
    };
    const std::string tree = run(main);
    EXPECT_NE(tree.find("4 tasks\n"), std::string::npos) << tree;
    EXPECT_NE(tree.find("\ntop at "), std::string::npos) << tree;
    EXPECT_NE(tree.find("\n└── middle at "), std::string::npos) << tree;
    EXPECT_NE(tree.find("\n    └── leaf at "), std::string::npos) << tree;
}

TEST(Task, AMillionTasksRun) {
    const auto main = []() -> Coro<long> {
        long sum = 0;
        const auto add = [&sum]() -> Coro<> {
            co_await sleep(0s);
            ++sum;
        };
        std::vector<Task<>> tasks;
        tasks.reserve(1'000'000);
        for (int i = 0; i < 1'000'000; ++i) {
            tasks.push_back(create_task(add));
        }
        for (const auto& task : tasks) {
            co_await task;
        }
        co_return sum;
    };
    EXPECT_EQ(run(main), 1'000'000);
}
