#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <hocket/context.hpp>
#include <hocket/event.hpp>
#include <hocket/executor.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

ContextVar<int> number{"number", 1};
ContextVar<std::string> unset{"unset"};

} // namespace

TEST(ContextVar, HasItsDefaultUntilItIsSet) {
    EXPECT_EQ(number.get(), 1);
    EXPECT_EQ(number.get(5), 5);
    EXPECT_THROW(static_cast<void>(unset.get()), RuntimeError);
    EXPECT_EQ(unset.get("fallback"), "fallback");
}

TEST(ContextVar, IsResetWithItsTokenOnce) {
    auto token = number.set(2);
    EXPECT_EQ(number.get(), 2);
    auto inner = number.set(3);
    number.reset(inner);
    EXPECT_EQ(number.get(), 2);
    number.reset(token);
    EXPECT_EQ(number.get(), 1);
    EXPECT_THROW(number.reset(token), RuntimeError);
}

TEST(ContextVar, RefusesTheTokenOfAnother) {
    ContextVar<int> other{"other", 0};
    auto token = other.set(1);
    EXPECT_THROW(number.reset(reinterpret_cast<ContextVar<int>::Token&>(token)), ValueError);
    other.reset(token);
}

TEST(ContextVar, ATaskStartsWithACopyOfItsCreatorsContext) {
    const auto main = []() -> Coro<> {
        number.set(10);
        const auto child = []() -> Coro<int> {
            const int seen = number.get();
            number.set(20);
            co_await sleep(0s);
            co_return seen * 100 + number.get();
        };
        auto task = create_task(child);
        number.set(11); // after the copy
        EXPECT_EQ(co_await task, 1020);
        EXPECT_EQ(number.get(), 11);
        // An awaited coroutine shares its caller's context.
        EXPECT_EQ(co_await child(), 1120);
        EXPECT_EQ(number.get(), 20);
    };
    run(main);
    EXPECT_EQ(number.get(), 1);
}

TEST(ContextVar, CallbacksSeeTheContextTheyWereAskedIn) {
    const auto main = []() -> Coro<int> {
        int seen = 0;
        const auto token = number.set(7);
        get_running_loop().call_soon([&] { seen = number.get(); });
        number.set(8);
        co_await sleep(0s);
        co_return seen;
    };
    EXPECT_EQ(run(main), 7);
}

TEST(ContextVar, FollowsIntoThreads) {
    const auto main = []() -> Coro<int> {
        number.set(33);
        co_return co_await to_thread([] { return number.get(); });
    };
    EXPECT_EQ(run(main), 33);
}

TEST(Context, RunKeepsChangesToItself) {
    Context context = copy_context();
    const int inside = context.run([] {
        number.set(99);
        return number.get();
    });
    EXPECT_EQ(inside, 99);
    EXPECT_EQ(number.get(), 1);
    EXPECT_EQ(context.run([] { return number.get(); }), 99);
}

TEST(Context, TasksOfALoopThatRunsInItHaveCopies) {
    Context context = copy_context();
    context.run([] {
        number.set(2);
        const auto main = []() -> Coro<> {
            const auto child = []() -> Coro<> {
                EXPECT_EQ(number.get(), 2);
                number.set(3);
                co_return;
            };
            co_await create_task(child);
            EXPECT_EQ(number.get(), 2);
            number.set(4);
        };
        run(main);
        EXPECT_EQ(number.get(), 2);
    });
    EXPECT_EQ(number.get(), 1);
}

TEST(Context, IsInForceForWhatALoopThatRunsInItDoesOutsideItsTasks) {
    int seen = 0;
    copy_context().run([&] {
        number.set(2);
        const auto main = [&]() -> Coro<> {
            number.set(3); // in this task's context
            Event handled;
            get_running_loop().add_signal_handler(SIGUSR1, [&] {
                seen = number.get();
                handled.set();
            });
            std::raise(SIGUSR1);
            co_await handled.wait();
        };
        run(main);
    });
    EXPECT_EQ(seen, 2);
}

TEST(Context, CanBeGivenToATask) {
    Context context = copy_context();
    context.run([] { number.set(55); });
    const auto main = [&]() -> Coro<int> {
        const auto child = []() -> Coro<int> { co_return number.get(); };
        TaskOptions options;
        options.context = context;
        co_return co_await create_task(options, child);
    };
    EXPECT_EQ(run(main), 55);
}

TEST(Context, ThreadsHaveTheirOwn) {
    const auto token = number.set(4);
    std::thread([] { EXPECT_EQ(number.get(), 1); }).join();
    EXPECT_EQ(number.get(), 4);
    number.set(1);
}
