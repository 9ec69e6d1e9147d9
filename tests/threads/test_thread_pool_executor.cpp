#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
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

namespace {

/// Occupies the only thread of a pool until it is opened, so that calls submitted meanwhile wait.
class Gate {
public:
    explicit Gate(Executor& pool)
        : closed_(pool.submit([this, gate = opening_.get_future()] {
              entered_.set_result();
              gate.result();
          })) {
        entered_.get_future().result();
    }
    void open() {
        opening_.set_result();
        closed_.result();
    }

private:
    Promise<> entered_;
    Promise<> opening_;
    Future<> closed_;
};

} // namespace

TEST(ThreadPoolExecutor, OneWorkerKeepsTheOrderOfSubmission) {
    ThreadPoolExecutor pool(1);
    std::vector<int> order;
    std::vector<int> expected;
    for (int i = 0; i < 1'000; ++i) {
        pool.post([&order, i] { order.push_back(i); });
        expected.push_back(i);
    }
    pool.shutdown();
    EXPECT_EQ(order, expected);
}

TEST(ThreadPoolExecutor, StartsTheLargerPriorityFirst) {
    ThreadPoolExecutor pool(1);
    Gate gate(pool);
    std::string order;
    const auto append = [&order](char letter) { order += letter; };
    pool.submit({.priority = -1}, append, 'f');
    pool.submit(append, 'd');
    pool.submit({.priority = 1}, append, 'b');
    pool.submit({.priority = 1}, append, 'c');
    pool.submit({.priority = 7}, append, 'a');
    pool.submit(append, 'e');
    gate.open();
    pool.shutdown();
    EXPECT_EQ(order, "abcdef");
}

TEST(ThreadPoolExecutor, APriorityOvertakesWhatAWorkerHasTakenAlready) {
    ThreadPoolExecutor pool(1);
    std::string order;
    Gate gate(pool);
    const auto first =
        pool.submit([&] { pool.submit({.priority = 1}, [&order] { order += 'u'; }); });
    for (int i = 0; i < 4; ++i) {
        pool.post([&order] { order += 'o'; });
    }
    gate.open();
    first.result();
    pool.shutdown();
    EXPECT_EQ(order, "uoooo");
}

TEST(ThreadPoolExecutor, WorkThatDoesNotStartInTimeFails) {
    ThreadPoolExecutor pool(1);
    Gate gate(pool);
    std::atomic<bool> ran{false};
    const auto late = pool.submit({.timeout = 1ms, .name = "report"}, [&] { ran = true; });
    try {
        late.result();
        ADD_FAILURE() << "it started";
    } catch (const TimeoutError& error) {
        EXPECT_STREQ(error.what(), "'report' did not start within its timeout");
    }
    gate.open();
    pool.shutdown();
    EXPECT_FALSE(ran.load());
}

TEST(ThreadPoolExecutor, WorkThatHasStartedIsNotTimedOut) {
    ThreadPoolExecutor pool(2);
    const auto prompt = pool.submit({.timeout = 1h}, [] { return 1; });
    EXPECT_EQ(prompt.result(), 1);
    Promise<> started;
    Promise<> release;
    const auto running = pool.submit({.timeout = 5s}, [&, gate = release.get_future()] {
        started.set_result();
        gate.result();
    });
    started.get_future().result();
    EXPECT_TRUE(running.running());
    EXPECT_FALSE(running.state().fail_if_pending(nullptr));
    release.set_result();
    EXPECT_NO_THROW(running.result());
}

TEST(ThreadPoolExecutor, PostedWorkRunsAndItsExceptionsAreReported) {
    testing::internal::CaptureStderr();
    std::atomic<int> sum{0};
    {
        ThreadPoolExecutor pool(2);
        pool.post([&sum](int a, int b) { sum = a + b; }, 2, 3);
        pool.post([] { throw std::runtime_error("nobody listens"); });
    }
    EXPECT_EQ(sum.load(), 5);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("nobody listens"), std::string::npos);
}

TEST(ThreadPoolExecutor, AWorkerDoesTheWorkItWaitsFor) {
    ThreadPoolExecutor pool(1);
    const auto outer = pool.submit([&pool] {
        const auto inner = pool.submit([&pool] {
            return std::pair(std::this_thread::get_id(), pool.submit([] { return 1; }).result());
        });
        return inner.result() == std::pair(std::this_thread::get_id(), 1);
    });
    EXPECT_TRUE(outer.result());
}

namespace {

long tree(ThreadPoolExecutor& pool, int depth) {
    if (depth == 0) {
        return 1;
    }
    const auto left = pool.submit([&pool, depth] { return tree(pool, depth - 1); });
    const auto right = pool.submit([&pool, depth] { return tree(pool, depth - 1); });
    return left.result() + right.result();
}

} // namespace

TEST(ThreadPoolExecutor, NestedSubmitsEndWithAnyNumberOfWorkers) {
    for (const std::size_t workers : {1, 2, 3, 8}) {
        ThreadPoolExecutor pool(workers);
        EXPECT_EQ(pool.submit([&pool] { return tree(pool, 10); }).result(), 1'024) << workers;
    }
}

TEST(ThreadPoolExecutor, AWorkerThatWaitsTakesUpNothingElse) {
    ThreadPoolExecutor pool(1);
    Promise<> promise;
    std::string order;
    Promise<> waits;
    const auto waiter = pool.submit([&, future = promise.get_future()] {
        waits.set_result();
        future.result(); // this does not depend on any call
        order += 'w';
    });
    waits.get_future().result();
    const auto queued = pool.submit([&] { order += 'q'; });
    promise.set_result();
    queued.result();
    EXPECT_EQ(order, "wq");
}

TEST(ThreadPoolExecutor, BlockedWorkDoesNotHoldUpWhatWasSubmittedAfterIt) {
    ThreadPoolExecutor pool(2);
    Promise<> release;
    std::vector<Future<>> blocked;
    blocked.push_back(pool.submit([gate = release.get_future()] { gate.result(); }));
    std::atomic<int> done{0};
    Promise<> all;
    for (int i = 0; i < 1'000; ++i) {
        pool.post([&] {
            if (++done == 1'000) {
                all.set_result();
            }
        });
    }
    all.get_future().result(); // although one of the two threads is blocked
    release.set_result();
    blocked.front().result();
}

TEST(ThreadPoolExecutor, StartsAsManyThreadsAsWaitForEachOther) {
    ThreadPoolExecutor pool(4);
    std::atomic<int> arrived{0};
    std::vector<Future<>> futures;
    for (int i = 0; i < 4; ++i) {
        futures.push_back(pool.submit([&] {
            ++arrived;
            arrived.notify_all();
            for (int now = arrived; now < 4; now = arrived) {
                arrived.wait(now);
            }
        }));
    }
    for (const auto& future : futures) {
        future.result();
    }
    EXPECT_EQ(arrived.load(), 4);
}

TEST(ThreadPoolExecutor, InitialisersMayWaitForEachOther) {
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> arrived{0};
        const auto meet = [&arrived] {
            ++arrived;
            arrived.notify_all();
            for (int now = arrived; now < 3; now = arrived) {
                arrived.wait(now);
            }
        };
        ThreadPoolExecutor pool(3, {.initializer = meet});
        for (int i = 0; i < 3; ++i) {
            pool.post([] {});
        }
    }
}

TEST(ThreadPoolExecutor, StartsThreadsForWhatWaitsAtItsShutdown) {
    for (int round = 0; round < 50; ++round) {
        Promise<> promise;
        ThreadPoolExecutor pool(2);
        pool.post([gate = promise.get_future()] { gate.result(); });
        pool.post([&promise] { promise.set_result(); });
    }
}

TEST(ThreadPoolExecutor, StartsNoMoreThreadsThanThereIsWorkFor) {
    std::atomic<int> initialised{0};
    ThreadPoolExecutor pool(8, {.initializer = [&] { ++initialised; }});
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    pool.shutdown();
    EXPECT_EQ(initialised.load(), 1);
}

TEST(ThreadPoolExecutor, WorkersThatKeepSubmittingDoNotStarveOthers) {
    std::atomic<bool> stop{false};
    std::atomic<int> alive{2};
    const auto again = [&](auto& self, Executor& pool) -> void {
        if (stop) {
            --alive;
            alive.notify_all();
        } else {
            pool.post([&self, &pool] { self(self, pool); });
        }
    };
    ThreadPoolExecutor pool(2);
    pool.post([&] { again(again, pool); });
    pool.post([&] { again(again, pool); });
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    stop = true;
    for (int now = alive; now > 0; now = alive) {
        alive.wait(now); // after the pool's shutdown, submitting would throw
    }
}

TEST(ThreadPoolExecutor, WorkersStartWhatAWorkerSubmits) {
    std::atomic<int> arrived{0}; // outlives the pool, because calls may still read it
    ThreadPoolExecutor pool(3);
    const auto meet = [&arrived] {
        ++arrived;
        arrived.notify_all();
        for (int now = arrived; now < 3; now = arrived) {
            arrived.wait(now);
        }
    };
    pool.submit([&] {
            pool.post(meet);
            pool.post(meet);
            meet();
        })
        .result();
    EXPECT_EQ(arrived.load(), 3);
}

TEST(ThreadPoolExecutor, WakesSleepersOfARestingPool) {
    for (const auto spin : {0us, 20us}) {
        ThreadPoolExecutor pool(3, {.spin = spin});
        for (int i = 0; i < 2'000; ++i) {
            EXPECT_EQ(pool.submit([i] { return i; }).result(), i);
        }
    }
}

TEST(ThreadPoolExecutor, ManyThreadsSubmitAtOnce) {
    std::atomic<int> done{0};
    {
        ThreadPoolExecutor pool(3);
        std::vector<std::thread> submitters;
        for (int t = 0; t < 3; ++t) {
            submitters.emplace_back([&] {
                for (int i = 0; i < 2'000; ++i) {
                    pool.submit([&] { pool.post([&] { ++done; }); });
                }
            });
        }
        for (auto& thread : submitters) {
            thread.join();
        }
        while (done.load() < 6'000) { // after the shutdown, submitting would throw
            std::this_thread::yield();
        }
    }
    EXPECT_EQ(done.load(), 6'000);
}

TEST(ThreadPoolExecutor, CancellingRacesWithHelpingAndRunning) {
    ThreadPoolExecutor pool(2);
    int ended = 0;
    for (int i = 0; i < 1'000; ++i) {
        const auto future = pool.submit([&pool] {
            const auto inner = pool.submit([] { return std::make_unique<int>(1); });
            pool.post([inner] { inner.cancel(); });
            try {
                return *inner.result();
            } catch (const CancelledError&) {
                return 1;
            }
        });
        ended += future.result();
    }
    EXPECT_EQ(ended, 1'000);
}

TEST(ThreadPoolExecutor, ItsOwnWorkerCannotWaitForItsEnd) {
    ThreadPoolExecutor pool(1);
    EXPECT_THROW(pool.submit([&pool] { pool.shutdown(); }).result(), RuntimeError);
    EXPECT_NO_THROW(pool.submit([&pool] { pool.shutdown({.wait = false}); }).result());
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

TEST(RunInExecutor, DoesNotBlockTheLoop) {
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
