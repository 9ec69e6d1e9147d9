#include <atomic>
#include <chrono>
#include <hocket/hocket.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

#include "support/turns.hpp"

using namespace hocket;
using namespace std::chrono_literals;

TEST(Future, BlocksAThreadUntilTheResultIsSet) {
    Promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_FALSE(future.done());
    std::thread maker([&] { promise.set_result(3); });
    EXPECT_EQ(future.result(), 3);
    maker.join();
    EXPECT_TRUE(future.done());
    EXPECT_EQ(future.exception(), nullptr);
}

TEST(Future, ResumesATaskOnItsLoop) {
    const auto main = []() -> Coro<int> {
        Promise<int> promise;
        const auto future = promise.get_future();
        const auto loop_thread = std::this_thread::get_id();
        std::thread maker([&] { promise.set_result(5); });
        const int value = co_await future;
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        maker.join();
        co_return value + co_await future; // may be awaited any number of times
    };
    EXPECT_EQ(run(main), 10);
}

TEST(Future, ThrowsTheExceptionWithItsType) {
    Promise<> promise;
    const auto future = promise.get_future();
    promise.set_exception(std::out_of_range("far"));
    EXPECT_THROW(future.result(), std::out_of_range);
    EXPECT_NE(future.exception(), nullptr);
    const auto main = [&]() -> Coro<> { co_await future; };
    EXPECT_THROW(run(main), std::out_of_range);
}

TEST(Future, TimesOut) {
    Promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_THROW(future.result(1ms), TimeoutError);
    EXPECT_THROW(static_cast<void>(future.exception(1ms)), TimeoutError);
    promise.set_result(1);
    EXPECT_EQ(future.result(1h), 1);
}

TEST(Future, CanBeCancelledUntilItRuns) {
    Promise<int> first;
    EXPECT_TRUE(first.get_future().cancel());
    EXPECT_TRUE(first.get_future().cancel());
    EXPECT_TRUE(first.get_future().cancelled());
    EXPECT_FALSE(first.set_running_or_notify_cancel());
    EXPECT_THROW(first.get_future().result(), CancelledError);
    EXPECT_THROW(first.set_result(1), InvalidStateError);

    Promise<int> second;
    EXPECT_TRUE(second.set_running_or_notify_cancel());
    EXPECT_TRUE(second.get_future().running());
    EXPECT_FALSE(second.get_future().cancel());
    second.set_result(2);
    EXPECT_FALSE(second.get_future().cancel());
    EXPECT_EQ(second.get_future().result(), 2);
}

TEST(Future, TakesOneResult) {
    Promise<int> promise;
    promise.set_result(1);
    EXPECT_THROW(promise.set_result(2), InvalidStateError);
    EXPECT_THROW(promise.set_exception(std::runtime_error("x")), InvalidStateError);
    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Future, CallsBackWhenDone) {
    Promise<int> promise;
    int seen = 0;
    promise.get_future().add_done_callback([&](const Future<int>& done) { seen += done.result(); });
    EXPECT_EQ(seen, 0);
    promise.set_result(4);
    EXPECT_EQ(seen, 4);
    promise.get_future().add_done_callback([&] { seen += 100; });
    EXPECT_EQ(seen, 104);
}

TEST(Future, ABrokenPromiseIsAnError) {
    Future<int> future;
    EXPECT_THROW(static_cast<void>(future.done()), InvalidStateError);
    {
        Promise<int> promise;
        future = promise.get_future();
    }
    EXPECT_THROW(future.result(), RuntimeError);
}

TEST(Future, CarriesMoveOnlyValues) {
    Promise<std::unique_ptr<int>> promise;
    const auto future = promise.get_future();
    promise.set_result(std::make_unique<int>(8));
    EXPECT_EQ(*future.result(), 8);
}

/// Counts how often it was copied on its way.
struct Copied {
    Copied() = default;
    Copied(const Copied& other) : times(other.times + 1) {}
    Copied(Copied&&) = default;
    int times = 0;
};

Future<Copied> copied_future() {
    Promise<Copied> promise;
    promise.set_result(Copied());
    return promise.get_future();
}

TEST(Future, ATemporaryGivesItsResultAwayIfNoOtherRefersToIt) {
    EXPECT_EQ(copied_future().result().times, 0);
    EXPECT_EQ(copied_future().result(1s).times, 0);
    EXPECT_EQ(run([]() -> Coro<int> { co_return (co_await copied_future()).times; }), 0);

    Future<Copied> kept = copied_future();
    const Future<Copied> other = kept;
    EXPECT_EQ(kept.result().times, 1);
    EXPECT_EQ(std::move(kept).result().times, 1);
    EXPECT_EQ(other.result().times, 1);
}

// For ThreadSanitizer: libstdc++ counts the references, and nothing else orders the two threads.
TEST(Future, ItsExceptionMayBeReleasedLastByAnotherThread) {
    Promise<int> promise;
    promise.set_exception(std::make_exception_ptr(std::runtime_error("read by the first thread")));
    std::atomic<bool> was_read = false;
    std::thread last([&was_read, error = promise.get_future().exception()]() mutable {
        while (!was_read.load(std::memory_order_relaxed)) {
            std::this_thread::yield();
        }
        error = nullptr;
    });
    try {
        std::exchange(promise, {}).get_future().result();
        ADD_FAILURE() << "result() returned";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "read by the first thread");
    }
    was_read.store(true, std::memory_order_relaxed);
    last.join();
}

TEST(Future, CancellingTheAwaiterCancelsTheFuture) {
    const auto main = []() -> Coro<> {
        Promise<int> promise;
        const auto future = promise.get_future();
        const auto wait = [future]() -> Coro<int> { co_return co_await future; };
        auto task = create_task(wait);
        co_await sleep(0s);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_TRUE(future.cancelled());
    };
    run(main);
}

TEST(Future, CancelledAfterItWasSetInTheSameTurnThrows) {
    const auto main = []() -> Coro<> {
        Promise<int> promise;
        const auto future = promise.get_future();
        const auto wait = [future]() -> Coro<int> { co_return co_await future; };
        auto task = create_task(wait);
        co_await sleep(0s);
        promise.set_result(1);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_EQ(future.result(), 1);
    };
    run(main);
}

TEST(Future, SetAfterItWasCancelledInTheSameTurnThrows) {
    const auto main = []() -> Coro<> {
        Promise<int> promise;
        promise.set_running_or_notify_cancel();
        const auto future = promise.get_future();
        const auto wait = [future]() -> Coro<int> { co_return co_await future; };
        auto task = create_task(wait);
        co_await sleep(0s);
        task.cancel();
        promise.set_result(1);
        EXPECT_THROW(co_await task, CancelledError);
    };
    run(main);
}

TEST(Future, CompletionAndCancellationRaceFromThreadsWithoutLoss) {
    const auto main = []() -> Coro<int> {
        int outcomes = 0;
        for (int i = 0; i < 2'000; ++i) {
            Promise<int> promise;
            promise.set_running_or_notify_cancel();
            const auto future = promise.get_future();
            const auto wait = [future]() -> Coro<int> { co_return co_await future; };
            auto task = create_task(wait);
            co_await sleep(0s);
            std::thread maker([promise = std::move(promise)]() mutable { promise.set_result(1); });
            if (i % 2 == 0) {
                co_await sleep(0s);
            }
            task.cancel();
            try {
                outcomes += co_await task;
            } catch (const CancelledError&) {
                ++outcomes;
            }
            maker.join();
        }
        co_return outcomes;
    };
    EXPECT_EQ(run(main), 2'000);
}

TEST(Future, IsAwaitedFromSeveralLoops) {
    Promise<int> promise;
    const auto future = promise.get_future();
    std::atomic<int> sum{0};
    std::vector<std::thread> loops;
    for (int i = 0; i < 4; ++i) {
        loops.emplace_back([&, future] {
            const auto main = [future]() -> Coro<int> { co_return co_await future; };
            sum += run(main);
        });
    }
    promise.set_result(11);
    for (auto& loop : loops) {
        loop.join();
    }
    EXPECT_EQ(sum.load(), 44);
}

TEST(Future, ALoopMayBeClosedOverATaskWhoseFutureIsDone) {
    testing::internal::CaptureStderr();
    bool resumed = false;
    {
        EventLoop loop;
        Promise<> promise;
        const auto wait = [&, future = promise.get_future()]() -> Coro<> {
            co_await future;
            resumed = true;
        };
        const Task<> task = loop.create_task(wait());
        loop.run_until_complete(turns());
        std::thread([&] { promise.set_result(); }).join();
        loop.close();
        EXPECT_TRUE(task.cancelled());
    }
    EXPECT_NE(testing::internal::GetCapturedStderr().find("but it is pending"), std::string::npos);
    EXPECT_FALSE(resumed);
}

TEST(Future, MayBeTheLastThatALoopWaitsFor) {
    constexpr int rounds = 2'000;
    std::atomic<Promise<>*> asked{nullptr};
    std::thread maker([&] {
        for (int i = 0; i < rounds; ++i) {
            Promise<>* promise = nullptr;
            while ((promise = asked.exchange(nullptr)) == nullptr) {
                std::this_thread::yield();
            }
            promise->set_result();
        }
    });
    for (int i = 0; i < rounds; ++i) {
        Promise<> promise;
        const auto future = promise.get_future(); // outlives the loop, so it does not order
                                                  // anything before the loop's end
        const auto main = [&]() -> Coro<> {
            auto waiting = create_task([&]() -> Coro<> { co_await future; });
            co_await turns();
            asked = &promise;
            while (i % 2 == 0 && !waiting.done()) { // every other loop is awake by then
                co_await turns();
            }
            co_await waiting;
        };
        run(main); // then the loop is destroyed, possibly in the middle of `set_result`
    }
    maker.join();
}

long sleeps_of_this_thread() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

TEST(Future, ATimeoutOfZeroDoesNotSleep) {
    Promise<int> promise;
    const Future<int> future = promise.get_future();
    const std::vector<Future<int>> futures{future};
    const long before = sleeps_of_this_thread();
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_THROW(future.result(std::chrono::seconds(0)), TimeoutError);
        const auto both = wait(futures, {.timeout = std::chrono::nanoseconds(0)});
        EXPECT_EQ(both.not_done.size(), 1U);
    }
    EXPECT_LT(sleeps_of_this_thread() - before, 100); // 2,000 if each call had slept
    promise.set_result(1);
    EXPECT_EQ(future.result(std::chrono::seconds(0)), 1);
}
