#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <gtest/gtest.h>

#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/thread_pool_executor.hpp>

using namespace hocket;
using namespace std::chrono_literals;

TEST(ThreadPoolExecutor, RunsFunctionsElsewhere) {
    ThreadPoolExecutor pool(2);
    const auto where = pool.submit([] { return std::this_thread::get_id(); });
    EXPECT_NE(where.result(), std::this_thread::get_id());
    EXPECT_EQ(pool.submit([](int a, int b) { return a + b; }, 2, 3).result(), 5);
}

TEST(ThreadPoolExecutor, ExceptionsComeBackWithTheirType) {
    ThreadPoolExecutor pool(1);
    const auto future = pool.submit([]() -> int { throw std::length_error("too long"); });
    EXPECT_THROW(future.result(), std::length_error);
}

TEST(ThreadPoolExecutor, FinishesWhatWasSubmittedBeforeItEnds) {
    std::atomic<int> done{0};
    {
        ThreadPoolExecutor pool(3);
        for (int i = 0; i < 1'000; ++i) {
            pool.submit([&] { ++done; });
        }
    }
    EXPECT_EQ(done.load(), 1'000);
}

TEST(ThreadPoolExecutor, TakesNoWorkAfterItsShutdown) {
    ThreadPoolExecutor pool(1);
    pool.shutdown();
    pool.shutdown();
    EXPECT_THROW(pool.submit([] {}), RuntimeError);
}

TEST(ThreadPoolExecutor, CancelsWhatHasNotStartedWhenAsked) {
    ThreadPoolExecutor pool(1);
    Promise<> started;
    Promise<> release;
    const auto running = pool.submit([&, gate = release.get_future()] {
        started.set_result();
        gate.result();
    });
    const auto queued = pool.submit([] {});
    started.get_future().result();
    std::thread end([&] { pool.shutdown({.wait = true, .cancel_futures = true}); });
    EXPECT_THROW(queued.result(), CancelledError);
    release.set_result();
    end.join();
    EXPECT_NO_THROW(running.result());
}

TEST(ThreadPoolExecutor, NamesAndInitialisesItsThreads) {
    std::atomic<int> initialised{0};
    ThreadPoolExecutor pool(1,
                            {.thread_name_prefix = "crew", .initializer = [&] { ++initialised; }});
    const auto name = pool.submit([] {
        char text[16] = {};
        ::pthread_getname_np(::pthread_self(), text, sizeof text);
        return std::string(text);
    });
    EXPECT_EQ(name.result(), "crew_0");
    EXPECT_EQ(initialised.load(), 1);
}

TEST(ThreadPoolExecutor, AFailingInitialiserBreaksThePool) {
    testing::internal::CaptureStderr();
    ThreadPoolExecutor pool(1, {.initializer = [] { throw std::runtime_error("no resources"); }});
    const auto lost = pool.submit([] {});
    EXPECT_THROW(lost.result(), CancelledError);
    EXPECT_THROW(pool.submit([] {}), BrokenExecutor);
    pool.shutdown();
    EXPECT_NE(testing::internal::GetCapturedStderr().find("no resources"), std::string::npos);
}

TEST(RunInExecutor, AwaitsWorkOnThreads) {
    const auto main = []() -> Coro<int> {
        EventLoop& loop = get_running_loop();
        ThreadPoolExecutor pool(2);
        const int own = co_await loop.run_in_executor(
            pool, [](int x) { return x * 2; }, 10);
        const int shared = co_await loop.run_in_executor(
            nullptr, [](int x) { return x + 1; }, 1);
        co_return own + shared;
    };
    EXPECT_EQ(run(main), 22);
}

TEST(RunInExecutor, KeepsTheLoopGoingMeanwhile) {
    const auto main = []() -> Coro<int> {
        Promise<> release;
        auto work = to_thread([gate = release.get_future()] { gate.result(); });
        int turns = 0;
        for (; turns < 10; ++turns) {
            co_await sleep(0s);
        }
        release.set_result();
        co_await work;
        co_return turns;
    };
    EXPECT_EQ(run(main), 10);
}

TEST(RunInExecutor, CancellingTheTaskCancelsWorkThatHasNotStarted) {
    const auto main = []() -> Coro<bool> {
        auto pool = std::make_shared<ThreadPoolExecutor>(1);
        Promise<> release;
        const auto blocker = pool->submit([gate = release.get_future()] { gate.result(); });
        std::atomic<bool> ran{false};
        const auto wait = [&]() -> Coro<> {
            co_await get_running_loop().run_in_executor(*pool, [&ran] { ran = true; });
        };
        auto task = create_task(wait);
        co_await sleep(0s);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        release.set_result();
        pool->shutdown();
        co_return ran.load();
    };
    EXPECT_FALSE(run(main));
}

TEST(RunInExecutor, ManyAtOnceAllComeBack) {
    const auto main = []() -> Coro<long> {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 10'000; ++i) {
            futures.push_back(get_running_loop().run_in_executor(nullptr, [i] { return i; }));
        }
        long sum = 0;
        for (const auto& future : futures) {
            sum += co_await future;
        }
        co_return sum;
    };
    EXPECT_EQ(run(main), 49'995'000);
}

TEST(RunInExecutor, TheDefaultExecutorCanBeReplaced) {
    const auto main = []() -> Coro<std::string> {
        get_running_loop().set_default_executor(std::make_shared<ThreadPoolExecutor>(
            1, ThreadPoolOptions{.thread_name_prefix = "mine", .initializer = nullptr}));
        co_return co_await to_thread([] {
            char text[16] = {};
            ::pthread_getname_np(::pthread_self(), text, sizeof text);
            return std::string(text);
        });
    };
    EXPECT_EQ(run(main), "mine_0");
}
