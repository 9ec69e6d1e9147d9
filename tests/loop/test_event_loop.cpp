#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <hocket/hocket.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/exception_group.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

TEST(EventLoop, CallsBackInTheOrderOfAsking) {
    EventLoop loop;
    std::string order;
    loop.call_soon([&] { order += "a"; });
    loop.call_soon([&](const char* text) { order += text; }, "b");
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(order, "ab");
}

TEST(EventLoop, RunsInATurnOnlyWhatWasReadyWhenItBegan) {
    EventLoop loop;
    std::string order;
    loop.call_soon([&] {
        order += "1 ";
        loop.call_soon([&] { order += "next-turn"; });
        loop.stop();
    });
    loop.call_soon([&] { order += "2 "; });
    loop.run_forever();
    EXPECT_EQ(order, "1 2 ");
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(order, "1 2 next-turn");
}

TEST(EventLoop, TimersComeInTheOrderOfTheirDeadlines) {
    EventLoop loop;
    std::string order;
    const auto start = loop.time();
    loop.call_at(start + 3ms, [&] { order += "3"; });
    loop.call_at(start + 1ms, [&] { order += "1"; });
    loop.call_at(start + 2ms, [&] { order += "2"; });
    loop.call_at(start + 2ms, [&] { order += "b"; });
    loop.call_at(start + 4ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(order, "12b3");
    EXPECT_GE(loop.time() - start, 4ms);
}

TEST(EventLoop, ReadyChainsDoNotStarveTimers) {
    const auto main = []() -> Coro<bool> {
        bool fired = false;
        get_running_loop().call_later(1ms, [&] { fired = true; });
        while (!fired) {
            co_await sleep(0s);
        }
        co_return fired;
    };
    EXPECT_TRUE(run(main));
}

TEST(EventLoop, ACancelledHandleIsNotCalled) {
    EventLoop loop;
    bool called = false;
    auto soon = loop.call_soon([&] { called = true; });
    auto later = loop.call_later(1h, [&] { called = true; });
    soon.cancel();
    later.cancel();
    EXPECT_TRUE(soon.cancelled());
    EXPECT_TRUE(later.cancelled());
    loop.stop();
    loop.run_forever();
    EXPECT_FALSE(called);
}

TEST(EventLoop, AnExceptionInACallbackGoesToTheHandlerAndTheLoopGoesOn) {
    EventLoop loop;
    std::string reported;
    loop.set_exception_handler([&](EventLoop& where, const ExceptionContext& context) {
        EXPECT_EQ(&where, &loop);
        reported = describe_exception(context.exception);
    });
    loop.call_soon([] { throw std::runtime_error("in a callback"); });
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    EXPECT_NE(reported.find("in a callback"), std::string::npos);
}

TEST(EventLoop, AnExceptionHandlerThatThrowsIsReportedWithTheFirstError) {
    EventLoop loop;
    loop.set_exception_handler(
        [](EventLoop&, const ExceptionContext&) { throw std::logic_error("handler broke"); });
    loop.call_soon([] { throw std::runtime_error("first error"); });
    loop.stop();
    testing::internal::CaptureStderr();
    loop.run_forever();
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("handler broke"), std::string::npos) << report;
    EXPECT_NE(report.find("first error"), std::string::npos) << report;
}

TEST(EventLoop, OtherThreadsCallInSafely) {
    EventLoop loop;
    constexpr int threads = 4;
    constexpr int calls = 5'000;
    int count = 0; // used only by the loop's thread
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i) {
        callers.emplace_back([&] {
            for (int k = 0; k < calls; ++k) {
                loop.call_soon_threadsafe([&] {
                    if (++count == threads * calls) {
                        loop.stop();
                    }
                });
            }
        });
    }
    loop.run_forever();
    for (auto& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(count, threads * calls);
}

TEST(EventLoop, ABlockedLoopIsWokenFromAnotherThread) {
    EventLoop loop;
    std::thread caller;
    loop.call_soon(
        [&] { caller = std::thread([&] { loop.call_soon_threadsafe([&] { loop.stop(); }); }); });
    loop.run_forever();
    caller.join();
}

TEST(EventLoop, ClosedLoopsTakeNoCalls) {
    EventLoop loop;
    loop.close();
    EXPECT_TRUE(loop.is_closed());
    EXPECT_THROW(loop.call_soon([] {}), RuntimeError);
    EXPECT_THROW(loop.call_later(1ms, [] {}), RuntimeError);
    EXPECT_THROW(loop.call_soon_threadsafe([] {}), RuntimeError);
    EXPECT_THROW(loop.run_forever(), RuntimeError);
    loop.close(); // may be called again
}

TEST(EventLoop, ClosingDropsWhatIsScheduled) {
    const auto tracked = std::make_shared<int>(0);
    {
        EventLoop loop;
        loop.call_soon([tracked] { ++*tracked; });
        loop.call_later(1h, [tracked] { ++*tracked; });
        loop.call_soon_threadsafe([tracked] { ++*tracked; });
        EXPECT_EQ(tracked.use_count(), 4);
    }
    EXPECT_EQ(tracked.use_count(), 1);
    EXPECT_EQ(*tracked, 0);
}

TEST(EventLoop, ClosingOverARunningTaskReportsAndDestroysIt) {
    const auto tracked = std::make_shared<int>(0);
    testing::internal::CaptureStderr();
    Task<> task;
    {
        EventLoop loop;
        const auto body = [](std::shared_ptr<int> held) -> Coro<> {
            co_await sleep(1h);
            ++*held;
        };
        task = loop.create_task(body(tracked), {.name = "left behind"});
        loop.call_soon([&] { loop.stop(); });
        loop.run_forever();
        EXPECT_EQ(tracked.use_count(), 2);
    }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_EQ(tracked.use_count(), 1);
    EXPECT_NE(report.find("left behind"), std::string::npos) << report;
    EXPECT_NE(report.find("destroyed but it is pending"), std::string::npos) << report;
    EXPECT_TRUE(task.cancelled());
}

TEST(EventLoop, RunUntilCompleteSaysWhenItWasStopped) {
    EventLoop loop;
    auto task = loop.create_task(static_cast<Coro<>>(sleep(1h)));
    loop.call_soon([&] { loop.stop(); });
    EXPECT_THROW(loop.run_until_complete(task), RuntimeError);
    task.cancel();
    EXPECT_THROW(loop.run_until_complete(task), CancelledError);
}

TEST(EventLoop, SignalsAreHandledOnTheLoop) {
    EventLoop loop;
    int signals = 0;
    loop.add_signal_handler(SIGUSR1, [&] {
        if (++signals == 2) {
            loop.stop();
        } else {
            ::raise(SIGUSR1);
        }
    });
    loop.call_soon([] { ::raise(SIGUSR1); });
    loop.run_forever();
    EXPECT_EQ(signals, 2);
    EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
    EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
}

TEST(EventLoop, RefusesSignalsThatCannotBeCaught) {
    EventLoop loop;
    EXPECT_THROW(loop.add_signal_handler(SIGKILL, [] {}), RuntimeError);
    EXPECT_THROW(loop.add_signal_handler(0, [] {}), ValueError);
    EXPECT_THROW(loop.add_signal_handler(1000, [] {}), ValueError);
    EventLoop other;
    loop.add_signal_handler(SIGUSR1, [] {});
    EXPECT_THROW(other.add_signal_handler(SIGUSR1, [] {}), RuntimeError);
}

TEST(EventLoop, PrintsItsTasksOnASignal) {
    const auto main = []() -> Coro<> {
        auto sleeper = create_task(static_cast<Coro<>>(sleep(1h)), {.name = "sleeper"});
        get_running_loop().print_tasks_on_signal(SIGUSR1);
        co_await sleep(0s);
        ::raise(SIGUSR1);
        co_await sleep(1ms);
        get_running_loop().remove_signal_handler(SIGUSR1);
    };
    testing::internal::CaptureStderr();
    run(main);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("sleeper"), std::string::npos);
}

TEST(EventLoop, ReportsSlowStepsInDebugMode) {
    const auto main = []() -> Coro<> {
        get_running_loop().slow_callback_duration = 1ns;
        const auto busy = []() -> Coro<> { co_return; };
        co_await create_task({.name = "busybody"}, busy);
        get_running_loop().slow_callback_duration = 1h;
    };
    testing::internal::CaptureStderr();
    run(main, {.debug = true});
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("busybody"), std::string::npos) << report;
    EXPECT_NE(report.find("test_event_loop.cpp:"), std::string::npos) << report;
    EXPECT_NE(report.find("seconds"), std::string::npos) << report;
}

TEST(EventLoop, CatchesWrongThreadsInDebugMode) {
    const auto main = []() -> Coro<> {
        EventLoop& loop = get_running_loop();
        std::thread other([&] {
            EXPECT_THROW(loop.call_soon([] {}), RuntimeError);
            EXPECT_THROW(loop.call_later(1ms, [] {}), RuntimeError);
        });
        other.join();
        co_return;
    };
    run(main, {.debug = true});
}

TEST(EventLoop, ATaskThatGoesOnInAnotherThreadFindsItsLoopThere) {
    EventLoop loop;
    bool at_home = false;
    const auto body = [&]() -> Coro<> {
        EventLoop* const before = &get_running_loop();
        loop.stop();
        co_await sleep(0s); // resumed by the second thread
        // A cached address of a thread_local would still refer to the first thread's variable.
        at_home = &get_running_loop() == before && current_task().name() == "nomad";
        loop.stop();
    };
    loop.call_soon([&] { create_task(body(), {.name = "nomad"}); });
    std::thread([&] { loop.run_forever(); }).join();
    EXPECT_FALSE(at_home);
    std::thread([&] { loop.run_forever(); }).join();
    EXPECT_TRUE(at_home);
}

TEST(EventLoop, OnlyOneRunsPerThread) {
    EventLoop outer;
    EventLoop inner;
    outer.call_soon([&] {
        EXPECT_THROW(inner.run_forever(), RuntimeError);
        EXPECT_EQ(&get_running_loop(), &outer);
        outer.stop();
    });
    outer.run_forever();
    EXPECT_THROW(static_cast<void>(get_running_loop()), RuntimeError);
}

TEST(Sleep, LastsAtLeastAsLongAsAsked) {
    const auto main = []() -> Coro<> {
        const auto start = std::chrono::steady_clock::now();
        co_await sleep(5ms);
        EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
        co_await sleep_until(start + 10ms);
        EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms);
        co_await sleep(-1h);
        co_await sleep(0.001s);
        co_await sleep_until(start);
    };
    run(main);
}

TEST(Sleep, ForLongerThanTheClockCanTellNeverEnds) {
    const auto main = []() -> Coro<> {
        auto task = create_task(static_cast<Coro<>>(sleep(std::chrono::hours::max())));
        auto other = create_task(static_cast<Coro<>>(sleep(std::chrono::duration<double>(1e300))));
        co_await sleep(1ms);
        EXPECT_FALSE(task.done());
        EXPECT_FALSE(other.done());
    };
    run(main);
}

TEST(CallSoon, ACancelledErrorOfACallbackIsReported) {
    std::vector<std::string> reported;
    run([&]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reported.push_back(context.message);
        });
        const auto throws = [] { throw CancelledError("not a task's"); };
        loop.call_soon(throws);
        loop.call_soon_threadsafe(throws);
        loop.call_later(std::chrono::nanoseconds(1), throws);
        create_task(sleep(std::chrono::seconds(0))).add_done_callback([](Task<>) {
            throw CancelledError();
        });
        co_await sleep(std::chrono::milliseconds(1));
        co_await sleep(std::chrono::seconds(0));
    });
    EXPECT_EQ(reported.size(), 4U);
}

TEST(PrintTasks, TasksThatAreAlikeAreOneLine) {
    std::ostringstream out;
    run([&]() -> Coro<> {
        std::vector<Task<>> tasks;
        for (int i = 0; i < 1'000; ++i) {
            tasks.push_back(create_task(sleep(std::chrono::hours(1))));
        }
        co_await sleep(std::chrono::seconds(0));
        get_running_loop().print_tasks(out);
    });
    const std::string text = out.str();
    EXPECT_NE(text.find("1001 tasks\n"), std::string::npos) << text;
    EXPECT_NE(text.find("1000 tasks, Task-"), std::string::npos) << text;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

TEST(PrintTasks, AVeryLongChainOfAwaitsIsPrintedInPieces) {
    std::ostringstream out;
    run([&]() -> Coro<> {
        std::vector<Task<>> tasks{create_task(sleep(std::chrono::hours(1)))};
        for (int i = 1; i < 10'000; ++i) {
            tasks.push_back(create_task([task = tasks.back()]() -> Coro<> { co_await task; }));
        }
        co_await sleep(std::chrono::seconds(0));
        co_await sleep(std::chrono::seconds(0));
        get_running_loop().print_tasks(out);
    });
    const std::string text = out.str();
    EXPECT_NE(text.find("(see below)"), std::string::npos);
    EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 10'001);
    EXPECT_LT(text.size(), 10'000'000U);
}
