#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

/// A loop that runs on its own thread as long as this object exists.
class LoopThread {
public:
    ~LoopThread() {
        auto stop = [this] { loop.stop(); };
        loop.call_soon_threadsafe(stop);
        thread_.join();
        loop.close();
    }
    EventLoop loop;

private:
    std::thread thread_{[this] { loop.run_forever(); }};
};

Coro<std::string> text(std::string value) {
    co_await sleep(0s);
    co_return value;
}

TEST(RunCoroutineThreadsafe, RunsOnTheLoopsThreadAndYieldsTheResult) {
    LoopThread other;
    const Future<std::string> future = run_coroutine_threadsafe(text("value"), other.loop);
    EXPECT_EQ(future.result(), "value");
    auto where = [&, kept = std::string("kept")]() -> Coro<std::string> {
        co_await sleep(0s);
        EXPECT_EQ(&get_running_loop(), &other.loop);
        co_return kept;
    };
    EXPECT_EQ(run_coroutine_threadsafe(where, other.loop).result(), "kept");
    auto nothing = []() -> Coro<> { co_return; };
    run_coroutine_threadsafe(nothing(), other.loop).result();
}

TEST(RunCoroutineThreadsafe, CanBeAwaitedOnAnotherLoop) {
    LoopThread other;
    auto main = [&]() -> Coro<> {
        const std::string value = co_await run_coroutine_threadsafe(text("value"), other.loop);
        EXPECT_EQ(value, "value");
    };
    run(main);
}

TEST(RunCoroutineThreadsafe, KeepsTheTypeOfTheException) {
    LoopThread other;
    auto failing = []() -> Coro<int> {
        co_await sleep(0s);
        throw ValueError("A");
    };
    EXPECT_THROW(run_coroutine_threadsafe(failing(), other.loop).result(), ValueError);
}

TEST(RunCoroutineThreadsafe, CancellingTheFutureCancelsTheTask) {
    Promise<void> started;
    Promise<void> cancelled;
    LoopThread other;
    auto waiting = [&]() -> Coro<> {
        started.set_result();
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            cancelled.set_result();
            throw;
        }
    };
    const Future<void> future = run_coroutine_threadsafe(waiting(), other.loop);
    started.get_future().result();
    EXPECT_TRUE(future.cancel());
    cancelled.get_future().result();
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), CancelledError);
}

TEST(RunCoroutineThreadsafe, ACancelledTaskCancelsTheFuture) {
    LoopThread other;
    auto itself = []() -> Coro<> {
        current_task().cancel();
        co_await sleep(0s);
    };
    const Future<void> future = run_coroutine_threadsafe(itself(), other.loop);
    EXPECT_THROW(future.result(), CancelledError);
    EXPECT_TRUE(future.cancelled());
}

TEST(RunCoroutineThreadsafe, CancelledBeforeItStartedNeverStarts) {
    EventLoop loop;
    bool started = false;
    auto work = [&]() -> Coro<> {
        started = true;
        co_return;
    };
    const Future<void> future = run_coroutine_threadsafe(work(), loop);
    EXPECT_TRUE(future.cancel());
    loop.run_until_complete(text(""));
    EXPECT_FALSE(started);
}

TEST(RunCoroutineThreadsafe, AwaitingTaskThatIsCancelledCancelsTheOtherLoopsTask) {
    Promise<void> cancelled;
    LoopThread other;
    auto waiting = [&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            cancelled.set_result();
            throw;
        }
    };
    auto main = [&]() -> Coro<> {
        const Future<void> future = run_coroutine_threadsafe(waiting(), other.loop);
        co_await run_coroutine_threadsafe(text(""), other.loop); // now it has started
        try {
            co_await wait_for(future, 1ms);
            ADD_FAILURE();
        } catch (const TimeoutError&) {
        }
        co_await cancelled.get_future();
    };
    run(main);
}

TEST(RunCoroutineThreadsafe, FailsWhenItsLoopIsClosed) {
    Future<std::string> posted;
    Future<void> running;
    auto waiting = []() -> Coro<> { co_await sleep(1h); };
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        running = run_coroutine_threadsafe(waiting(), loop);
        loop.run_until_complete(text(""));
        posted = run_coroutine_threadsafe(text("value"), loop);
        loop.close();
        auto never = text("never");
        EXPECT_THROW(run_coroutine_threadsafe(std::move(never), loop), RuntimeError);
    }
    EXPECT_THROW(running.result(), RuntimeError);
    EXPECT_THROW(posted.result(), RuntimeError);
    EXPECT_FALSE(posted.cancel()); // does not use the loop, which is destroyed
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_EQ(report.find("never awaited"), std::string::npos) << report;
}

TEST(RunCoroutineThreadsafe, ManyThreadsCancelAndCompleteAtOnce) {
    LoopThread other;
    std::atomic<int> outcomes = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 500; ++round) {
                const Future<std::string> future =
                    run_coroutine_threadsafe(text("value"), other.loop);
                if ((round + i) % 2 == 0) {
                    future.cancel();
                }
                try {
                    EXPECT_EQ(future.result(), "value");
                } catch (const CancelledError&) {
                }
                ++outcomes;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(outcomes, 2000);
}

} // namespace
