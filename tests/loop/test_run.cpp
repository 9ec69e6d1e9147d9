#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/context.hpp>
#include <hocket/executor.hpp>
#include <hocket/future.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<int> answer() {
    co_await sleep(0s);
    co_return 42;
}

void press_control_c() { ::raise(SIGINT); }

} // namespace

TEST(Run, ReturnsWhatTheMainCoroutineReturns) { EXPECT_EQ(run(answer()), 42); }

TEST(Run, ThrowsWhatTheMainCoroutineThrew) {
    const auto main = []() -> Coro<> {
        co_await sleep(0s);
        throw std::domain_error("main failed");
    };
    EXPECT_THROW(run(main), std::domain_error);
}

TEST(Run, CreatesTheMainTaskAtItsCallersLine) {
    const auto line_of_main = []() -> Coro<std::uint_least32_t> {
        EXPECT_STREQ(current_task().created_at().file_name(), __FILE__);
        co_return current_task().created_at().line();
    };
    EXPECT_EQ(run(line_of_main()), std::uint_least32_t{__LINE__});
    EXPECT_EQ(run(line_of_main), std::uint_least32_t{__LINE__});
    Runner runner;
    EXPECT_EQ(runner.run(line_of_main()), std::uint_least32_t{__LINE__});
    EXPECT_EQ(runner.run(line_of_main), std::uint_least32_t{__LINE__});
    EXPECT_EQ(runner.get_loop().run_until_complete(line_of_main()), std::uint_least32_t{__LINE__});
}

TEST(Run, KeepsTheCallableWhileItRuns) {
    const std::string text = "long enough not to fit into the small buffer";
    EXPECT_EQ(run([text]() -> Coro<std::string> {
                  co_await sleep(0s);
                  co_return text;
              }),
              text);
}

TEST(Run, CannotBeCalledInsideARunningLoop) {
    const auto main = []() -> Coro<> {
        EXPECT_THROW(run(answer()), RuntimeError);
        co_return;
    };
    run(main);
}

TEST(Run, CancelsWhatIsLeftAndWaitsForItsCleanUp) {
    std::string trace;
    const auto left = [&]() -> Coro<> {
        std::exception_ptr cancelled; // C++ does not allow co_await inside a handler
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            cancelled = std::current_exception();
        }
        co_await sleep(0s);
        trace += "cleaned up";
        std::rethrow_exception(cancelled);
    };
    const auto main = [&]() -> Coro<> {
        create_task(left);
        co_await sleep(0s);
    };
    run(main);
    EXPECT_EQ(trace, "cleaned up");
}

TEST(Run, ReportsATaskThatFailsWhileItIsCancelled) {
    const auto bad = []() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            throw std::runtime_error("clean-up failed");
        }
    };
    const auto main = [&]() -> Coro<> {
        create_task(bad);
        co_await sleep(0s);
    };
    testing::internal::CaptureStderr();
    run(main);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("clean-up failed"), std::string::npos);
}

TEST(Run, WorksAgainAndAgainAndAfterAFailure) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(run(answer()), 42);
    }
    const auto bad = []() -> Coro<> {
        throw std::runtime_error("x");
        co_return;
    };
    EXPECT_THROW(run(bad), std::runtime_error);
    EXPECT_EQ(run(answer()), 42);
}

TEST(Run, ShutsTheDefaultExecutorDown) {
    std::thread::id worker;
    const auto main = [&]() -> Coro<> {
        worker = co_await to_thread([] { return std::this_thread::get_id(); });
    };
    run(main);
    EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(Run, ControlCCancelsTheMainTaskOnce) {
    std::string trace;
    const auto main = [&]() -> Coro<> {
        get_running_loop().call_soon(press_control_c);
        std::exception_ptr cancelled;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace += "cancelled ";
            cancelled = std::current_exception();
        }
        co_await sleep(0s);
        trace += "cleaned up";
        std::rethrow_exception(cancelled);
    };
    EXPECT_THROW(run(main), KeyboardInterrupt);
    EXPECT_EQ(trace, "cancelled cleaned up");
}

TEST(Run, ControlCThatIsSwallowedLetsMainReturn) {
    const auto main = []() -> Coro<int> {
        get_running_loop().call_soon(press_control_c);
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
        }
        co_return 7;
    };
    EXPECT_EQ(run(main), 7);
}

TEST(Run, ASecondControlCEndsTheRunAtOnce) {
    std::string trace;
    const auto main = [&]() -> Coro<> {
        get_running_loop().call_soon(press_control_c);
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace += "first ";
        }
        get_running_loop().call_soon(press_control_c);
        try {
            co_await sleep(1h); // cancelled by the closing run
        } catch (const CancelledError&) {
            trace += "second";
            throw;
        }
    };
    EXPECT_THROW(run(main), KeyboardInterrupt);
    EXPECT_EQ(trace, "first second");
}

TEST(Run, RestoresTheHandlerOfControlC) {
    run(answer());
    struct sigaction action {};
    ::sigaction(SIGINT, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST(Run, LeavesAProgramsOwnControlCHandlerAlone) {
    static volatile std::sig_atomic_t pressed = 0;
    struct sigaction own {};
    struct sigaction before {};
    own.sa_handler = [](int) { pressed = 1; };
    ::sigaction(SIGINT, &own, &before);
    const auto main = []() -> Coro<int> {
        press_control_c();
        co_await sleep(0s);
        co_return 1;
    };
    EXPECT_EQ(run(main), 1);
    EXPECT_EQ(pressed, 1);
    ::sigaction(SIGINT, &before, nullptr);
}

TEST(Runner, RunsSeveralTimesOnOneLoop) {
    Runner runner;
    EventLoop* const loop = &runner.get_loop();
    EXPECT_EQ(runner.run(answer()), 42);
    const auto which = []() -> Coro<EventLoop*> { co_return &get_running_loop(); };
    EXPECT_EQ(runner.run(which), loop);
    runner.close();
    EXPECT_THROW(runner.run(answer()), RuntimeError);
    EXPECT_THROW(static_cast<void>(runner.get_loop()), RuntimeError);
}

TEST(Runner, LeavesTasksAliveBetweenRuns) {
    int ticks = 0;
    const auto tick = [&]() -> Coro<> {
        for (;;) {
            ++ticks;
            co_await sleep(0s);
        }
    };
    Runner runner; // declared after the variables that its tasks refer to
    const auto start = [&]() -> Coro<> {
        create_task(tick);
        co_await sleep(0s);
        co_await sleep(0s);
    };
    runner.run(start);
    const int before = ticks;
    const auto wait = []() -> Coro<> {
        co_await sleep(0s);
        co_await sleep(0s);
    };
    runner.run(wait);
    EXPECT_GT(ticks, before);
}

ContextVar<int>& level() {
    static ContextVar<int> variable("level", 0);
    return variable;
}

Coro<int> raise_level() {
    level().set(level().get() + 1);
    co_await sleep(0s);
    co_return level().get();
}

// python3.13: asyncio.Runner also gives 1, 2, 3.
TEST(Runner, ItsRunsShareAContextOfTheirOwn) {
    Runner runner;
    EXPECT_EQ(runner.run(raise_level()), 1);
    EXPECT_EQ(runner.run(raise_level()), 2);
    const auto fail = []() -> Coro<> {
        co_await raise_level();
        throw std::domain_error("x");
    };
    EXPECT_THROW(runner.run(fail), std::domain_error);
    EXPECT_EQ(runner.run(raise_level()), 4);
    EXPECT_EQ(level().get(), 0);
}

TEST(Runner, StartsFromTheContextOfItsLoopsCreation) {
    Context context;
    context.run([] {
        level().set(10);
        Runner runner;
        EXPECT_EQ(runner.run(raise_level()), 11);
        level().set(20);
        EXPECT_EQ(runner.run(raise_level()), 12);
    });
}

TEST(Runner, RunsInAGivenContextAndLeavesThereWhatWasSet) {
    Runner runner;
    Context mine;
    EXPECT_EQ(runner.run(raise_level(), mine), 1);
    EXPECT_EQ(runner.run(raise_level(), mine), 2);
    EXPECT_EQ(mine.run([] { return level().get(); }), 2);
    EXPECT_EQ(runner.run(raise_level()), 1);
}

TEST(Runner, RunsAgainAfterControlC) {
    Runner runner;
    const auto interrupted = []() -> Coro<> {
        level().set(5);
        get_running_loop().call_soon(press_control_c);
        co_await sleep(1h);
    };
    for (int i = 0; i < 2; ++i) {
        EXPECT_THROW(runner.run(interrupted), KeyboardInterrupt);
        EXPECT_EQ(runner.run(raise_level()), 6);
        struct sigaction action {};
        ::sigaction(SIGINT, nullptr, &action);
        EXPECT_EQ(action.sa_handler, SIG_DFL);
    }
}

TEST(DefaultExecutor, AShutdownGivesUpOnThreadsThatDoNotEndInTime) {
    Promise<void> may_end;
    const Future<void> gate = may_end.get_future();
    std::vector<std::string> reports;
    const auto main = [&]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reports.push_back(context.message);
        });
        const Future<void> busy = loop.run_in_executor(nullptr, [gate] { gate.result(); });
        co_await loop.shutdown_default_executor(1ms);
        EXPECT_THROW(loop.run_in_executor(nullptr, [] {}), RuntimeError);
        EXPECT_FALSE(busy.done());
        may_end.set_result();
        co_await busy;
        loop.set_exception_handler({});
    };
    run(main);
    EXPECT_EQ(reports,
              std::vector<std::string>{"the default executor's threads did not end within 1 ms"});
}

TEST(DefaultExecutor, AShutdownInTimeIsQuiet) {
    const auto main = []() -> Coro<> {
        EventLoop& loop = get_running_loop();
        co_await loop.run_in_executor(nullptr, [] {});
        co_await loop.shutdown_default_executor(1h);
        co_await loop.shutdown_default_executor(1h); // a second call is allowed
    };
    testing::internal::CaptureStderr();
    run(main);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Run, LoopsInFourThreadsAtOnceDoNotMix) {
    std::vector<std::thread> threads;
    std::vector<int> results(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([i, &results] {
            const auto main = [i]() -> Coro<int> {
                int sum = 0;
                for (int k = 0; k < 2'000; ++k) {
                    const auto child = [i]() -> Coro<int> {
                        co_await sleep(0s);
                        co_return i;
                    };
                    sum += co_await create_task(child);
                    if (k % 100 == 0) {
                        co_await sleep(1ms);
                    }
                }
                co_return sum;
            };
            results[static_cast<std::size_t>(i)] = run(main);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(results, (std::vector<int>{0, 2'000, 4'000, 6'000}));
}
