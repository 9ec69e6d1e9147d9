#include <hocket/threadsafe_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/thread.hpp>

#include "support/blocked_thread.hpp"
#include "support/turns.hpp"

namespace {

using namespace hocket;
using namespace std::chrono_literals;

Coro<> take(ThreadsafeQueue<int>& queue, Log& log, std::string name) {
    const int item = co_await queue.get();
    log.push_back(name + " " + std::to_string(item));
}

Coro<> bring(ThreadsafeQueue<int>& queue, int item) { co_await queue.put(item); }

TEST(ThreadsafeQueue, IsFirstInFirstOut) {
    ThreadsafeQueue<int> queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.full());
    EXPECT_EQ(queue.maxsize(), 0u);
    queue.put_nowait(1);
    queue.put_blocking(2);
    queue.put_blocking(3, 0s);
    EXPECT_EQ(queue.qsize(), 3u);
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(queue.get_nowait(), 1);
    EXPECT_EQ(queue.get_blocking(), 2);
    EXPECT_EQ(queue.get_blocking(0s), 3);
    EXPECT_TRUE(queue.empty());
}

TEST(ThreadsafeQueue, SaysThatItIsEmptyOrFull) {
    ThreadsafeQueue<int> queue(1);
    EXPECT_EQ(queue.maxsize(), 1u);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
    EXPECT_THROW(queue.get_blocking(1ms), QueueEmpty);
    EXPECT_THROW(queue.get_blocking(-1s), QueueEmpty);
    queue.put_nowait(1);
    EXPECT_TRUE(queue.full());
    EXPECT_THROW(queue.put_nowait(2), QueueFull);
    EXPECT_THROW(queue.put_blocking(2, 1ms), QueueFull);
    EXPECT_EQ(queue.get_nowait(), 1);
    queue.put_nowait(3);
    EXPECT_EQ(queue.get_nowait(), 3);
}

TEST(ThreadsafeQueue, LeavesAnItemThatFoundNoRoomAsItWas) {
    ThreadsafeQueue<std::unique_ptr<int>> queue(1);
    queue.put_nowait(std::make_unique<int>(1));
    auto item = std::make_unique<int>(2);
    EXPECT_THROW(queue.put_nowait(std::move(item)), QueueFull);
    EXPECT_THROW(queue.put_blocking(std::move(item), 1ms), QueueFull);
    EXPECT_EQ(*item, 2); // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(*queue.get_blocking(), 1);
    queue.put_blocking(std::move(item));
    EXPECT_EQ(*queue.get_nowait(), 2);
}

TEST(ThreadsafeQueue, CarriesItemsFromAThreadToATaskAndBack) {
    ThreadsafeQueue<std::string> to_task(1);
    ThreadsafeQueue<std::string> to_thread(1);
    Thread thread([&] {
        for (int i = 0; i < 100; ++i) {
            to_task.put_blocking("item " + std::to_string(i));
            EXPECT_EQ(to_thread.get_blocking(), "item " + std::to_string(i) + "!");
        }
    });
    thread.start();
    const auto main = [&]() -> Coro<> {
        for (int i = 0; i < 100; ++i) {
            std::string item = co_await to_task.get();
            co_await to_thread.put(item + "!");
        }
    };
    run(main);
    thread.join();
}

TEST(ThreadsafeQueue, GettingAndPuttingDoNotSuspendWhenTheyNeedNot) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue(1);
        bool other_ran = false;
        const auto other = [&]() -> Coro<> {
            other_ran = true;
            co_return;
        };
        auto task = create_task(other);
        co_await queue.put(1);
        const int item = co_await queue.get();
        EXPECT_EQ(item, 1);
        EXPECT_FALSE(other_ran);
        co_await task;
    };
    run(main);
}

TEST(ThreadsafeQueue, ServesGettersInOrderOfArrival) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        co_await turns();
        int from_thread = 0;
        Thread thread([&] { from_thread = queue.get_blocking(); });
        thread.start();
        wait_until_blocked(thread);
        auto b = create_task(take(queue, log, "b"));
        co_await turns();
        queue.put_nowait(1);
        EXPECT_THROW(queue.get_nowait(), QueueEmpty); // it belongs to a
        co_await a;
        queue.put_nowait(2);
        co_await thread.future();
        queue.put_nowait(3);
        co_await b;
        EXPECT_EQ(from_thread, 2);
        EXPECT_EQ(log, (Log{"a 1", "b 3"}));
    };
    run(main);
}

TEST(ThreadsafeQueue, ServesPuttersInOrderOfArrival) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue(1);
        queue.put_nowait(0);
        auto a = create_task(bring(queue, 1));
        co_await turns();
        Thread thread([&] { queue.put_blocking(2); });
        thread.start();
        wait_until_blocked(thread);
        auto b = create_task(bring(queue, 3));
        co_await turns();
        for (int expected = 0; expected < 4; ++expected) {
            const int item = co_await queue.get();
            EXPECT_EQ(item, expected);
        }
        co_await a;
        co_await b;
    };
    run(main);
}

TEST(ThreadsafeQueue, TheItemOfACancelledGetterIsTheNextOnes) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        auto b = create_task(take(queue, log, "b"));
        co_await turns();
        queue.put_nowait(1);
        queue.put_nowait(2);
        a.cancel(); // after it was woken
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b 1"});
        EXPECT_EQ(queue.get_nowait(), 2);
    };
    run(main);
}

TEST(ThreadsafeQueue, AnItemPutAfterTheCancellationIsTheNextOnes) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        auto b = create_task(take(queue, log, "b"));
        co_await turns();
        a.cancel();
        queue.put_nowait(1);
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b 1"});
    };
    run(main);
}

TEST(ThreadsafeQueue, TheItemOfACancelledGetterComesFirstAgain) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        co_await turns();
        queue.put_nowait(1);
        queue.put_nowait(2);
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(queue.get_nowait(), 1);
        EXPECT_EQ(queue.get_nowait(), 2);
    };
    run(main);
}

TEST(ThreadsafeQueue, ACancelledPutterAddsNothing) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue(1);
        queue.put_nowait(0);
        auto a = create_task(bring(queue, 1));
        auto b = create_task(bring(queue, 2));
        co_await turns();
        a.cancel();
        EXPECT_EQ(queue.get_nowait(), 0);
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(queue.get_nowait(), 2);
        EXPECT_TRUE(queue.empty());
    };
    run(main);
}

TEST(ThreadsafeQueue, ACancellationAfterTheItemWasAddedComesAtTheNextAwait) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue(1);
        queue.put_nowait(0);
        bool added = false;
        const auto putter = [&]() -> Coro<> {
            co_await queue.put(1);
            added = true;
            co_await turns();
            ADD_FAILURE() << "not cancelled";
        };
        auto task = create_task(putter);
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 0);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_TRUE(added);
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(queue.get_nowait(), 1);
    };
    run(main);
}

/// Moving it may throw, so waiting putters add it themselves.
struct Heavy {
    explicit Heavy(int v) : value(v) {}
    Heavy(Heavy&& other) noexcept(false) : value(other.value) {
        if (value < 0) {
            throw std::runtime_error("too heavy");
        }
    }
    int value;
};

TEST(ThreadsafeQueue, RoomGrantedToACancelledPutterPassesToTheNext) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<Heavy> queue(1);
        queue.put_nowait(Heavy(0));
        const auto putter = [&](int value) -> Coro<> { co_await queue.put(Heavy(value)); };
        auto a = create_task(putter, 1);
        auto b = create_task(putter, 2);
        co_await turns();
        EXPECT_EQ(queue.get_nowait().value, 0);
        EXPECT_THROW(queue.put_nowait(Heavy(3)), QueueFull); // the room belongs to a
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(queue.get_nowait().value, 2);
        EXPECT_TRUE(queue.empty());
    };
    run(main);
}

TEST(ThreadsafeQueue, AnItemThatCannotBeMovedIsItsPuttersProblem) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<Heavy> queue(1);
        EXPECT_THROW(queue.put_nowait(Heavy(-1)), std::runtime_error);
        queue.put_nowait(Heavy(0));
        const auto putter = [&](int value) -> Coro<> { co_await queue.put(Heavy(value)); };
        auto bad = create_task(putter, -1);
        auto good = create_task(putter, 1);
        co_await turns();
        EXPECT_EQ(queue.get_nowait().value, 0);
        co_await good;
        EXPECT_EQ(ending(bad), "too heavy");
        EXPECT_EQ(queue.get_nowait().value, 1);
    };
    run(main);
}

TEST(ThreadsafeQueue, JoinWaitsUntilEveryItemIsDone) {
    ThreadsafeQueue<int> queue;
    queue.join_blocking();
    EXPECT_TRUE(queue.join_blocking(0s));
    EXPECT_THROW(queue.task_done(), ValueError);
    queue.put_nowait(1);
    queue.put_nowait(2);
    EXPECT_FALSE(queue.join_blocking(1ms));
    Thread worker([&] {
        for (int i = 0; i < 2; ++i) {
            queue.get_blocking();
            queue.task_done();
        }
    });
    Thread joiner([&] { queue.join_blocking(); });
    joiner.start();
    wait_until_blocked(joiner);
    const auto main = [&]() -> Coro<> {
        const auto wait = [&]() -> Coro<> { co_await queue.join(); };
        auto joining = create_task(wait);
        co_await turns();
        worker.start();
        co_await joining;
    };
    run(main);
    joiner.join();
    worker.join();
    EXPECT_THROW(queue.task_done(), ValueError);
}

TEST(ThreadsafeQueue, ShutDownItGivesWhatIsLeftAndThenThrows) {
    ThreadsafeQueue<int> queue;
    queue.put_nowait(1);
    queue.shutdown();
    queue.shutdown();
    EXPECT_THROW(queue.put_nowait(2), QueueShutDown);
    EXPECT_THROW(queue.put_blocking(2), QueueShutDown);
    EXPECT_EQ(queue.get_blocking(), 1);
    EXPECT_THROW(queue.get_nowait(), QueueShutDown);
    EXPECT_THROW(queue.get_blocking(), QueueShutDown);
    EXPECT_THROW(queue.get_blocking(1h), QueueShutDown);
    const auto main = [&]() -> Coro<> {
        EXPECT_THROW(co_await queue.get(), QueueShutDown);
        EXPECT_THROW(co_await queue.put(3), QueueShutDown);
        EXPECT_FALSE(queue.join_blocking(0s)); // the item was taken but is not done
        queue.task_done();
        co_await queue.join();
    };
    run(main);
}

TEST(ThreadsafeQueue, ShuttingDownWakesAllThatWait) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> empty;
        ThreadsafeQueue<int> full(1);
        full.put_nowait(0);
        Log log;
        auto getting = create_task(take(empty, log, "a"));
        auto putting = create_task(bring(full, 1));
        Thread getter([&] { EXPECT_THROW(empty.get_blocking(), QueueShutDown); });
        Thread putter([&] { EXPECT_THROW(full.put_blocking(1), QueueShutDown); });
        getter.start();
        putter.start();
        wait_until_blocked(getter);
        wait_until_blocked(putter);
        co_await turns();
        empty.shutdown();
        full.shutdown();
        co_await getter.future();
        co_await putter.future();
        co_await turns(2);
        EXPECT_EQ(ending(getting), QueueShutDown().what());
        EXPECT_EQ(ending(putting), QueueShutDown().what());
        EXPECT_EQ(full.get_nowait(), 0);
        EXPECT_THROW(full.get_nowait(), QueueShutDown);
    };
    run(main);
}

TEST(ThreadsafeQueue, ShutDownItKeepsGettersWaitingForAnItemThatMayComeBack) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        auto b = create_task(take(queue, log, "b"));
        auto c = create_task(take(queue, log, "c"));
        co_await turns();
        queue.put_nowait(1); // for a
        queue.shutdown();
        EXPECT_THROW(queue.get_nowait(), QueueEmpty);
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b 1"});
        EXPECT_THROW(co_await c, QueueShutDown);
        EXPECT_THROW(queue.get_nowait(), QueueShutDown);
    };
    run(main);
}

TEST(ThreadsafeQueue, ShutDownAtOnceItIsEmptiedAndJoined) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<std::shared_ptr<int>> queue;
        auto item = std::make_shared<int>(1);
        queue.put_nowait(item);
        queue.put_nowait(item);
        const auto wait = [&]() -> Coro<> { co_await queue.join(); };
        auto joining = create_task(wait);
        co_await turns();
        queue.shutdown(true);
        co_await joining;
        EXPECT_EQ(item.use_count(), 1);
        EXPECT_TRUE(queue.empty());
        EXPECT_EQ(queue.qsize(), 0u);
        EXPECT_THROW(co_await queue.get(), QueueShutDown);
    };
    run(main);
}

TEST(ThreadsafeQueue, AGetterThatWasWokenFindsNothingWhenItIsShutDownAtOnce) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<int> queue;
        Log log;
        auto a = create_task(take(queue, log, "a"));
        auto b = create_task(take(queue, log, "b"));
        co_await turns();
        queue.put_nowait(1);
        queue.put_nowait(2);
        queue.shutdown(true);
        b.cancel();
        co_await turns(2);
        EXPECT_EQ(ending(a), QueueShutDown().what());
        EXPECT_TRUE(b.cancelled());
        EXPECT_TRUE(queue.empty());
        EXPECT_THROW(queue.get_nowait(), QueueShutDown);
    };
    run(main);
}

TEST(ThreadsafeQueue, APutterThatWasGrantedRoomAddsNothingOnceItIsShutDown) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<Heavy> queue(1);
        queue.put_nowait(Heavy(0));
        const auto putter = [&](int value) -> Coro<> { co_await queue.put(Heavy(value)); };
        auto a = create_task(putter, 1);
        co_await turns();
        EXPECT_EQ(queue.get_nowait().value, 0);
        queue.shutdown();
        co_await turns(2);
        EXPECT_EQ(ending(a), QueueShutDown().what());
        EXPECT_THROW(queue.get_nowait(), QueueShutDown);
    };
    run(main);
}

TEST(ThreadsafeQueue, ALoopThatIsClosedLosesNoItem) {
    ThreadsafeQueue<int> queue;
    Log log;
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        auto woken = loop.create_task(take(queue, log, "a"));
        auto waiting = loop.create_task(take(queue, log, "b"));
        loop.run_until_complete(loop.create_task(turns(2)));
        queue.put_nowait(1); // for a, whose loop does not run any more
        loop.close();
    }
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(queue.get_nowait(), 1);
    queue.put_nowait(2);
    EXPECT_EQ(queue.get_nowait(), 2);
}

TEST(ThreadsafeQueue, ALoopThatIsClosedAddsNoItem) {
    ThreadsafeQueue<int> queue(1);
    queue.put_nowait(0);
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        auto waiting = loop.create_task(bring(queue, 1));
        loop.run_until_complete(loop.create_task(turns(2)));
        loop.close();
    }
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(queue.get_nowait(), 0);
    EXPECT_TRUE(queue.empty());
}

TEST(ThreadsafeQueue, TasksLeftWhenMainEndsAreCancelled) {
    Task<> waiting;
    Task<> woken;
    const auto main = [&]() -> Coro<> {
        ThreadsafeQueue<int> queue;
        const auto get = [&queue]() -> Coro<> { co_await queue.get(); };
        woken = create_task(get);
        waiting = create_task(get);
        co_await turns();
        queue.put_nowait(1);
    };
    run(main);
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_TRUE(woken.cancelled());
}

TEST(ThreadsafeQueue, GetAndPutAreCoroutinesWhereOneIsAskedFor) {
    const auto main = []() -> Coro<> {
        ThreadsafeQueue<std::string> queue(1);
        Task<std::string> getting = create_task(queue.get());
        const std::string word = "word";
        Task<> copying = create_task(queue.put(word));
        co_await copying;
        EXPECT_EQ(co_await getting, word);
        Task<> moving = create_task(queue.put(std::string("moved")));
        co_await moving;
        EXPECT_EQ(queue.get_nowait(), "moved");
        Task<> joining = create_task(queue.join());
        queue.task_done();
        queue.task_done();
        co_await joining;
    };
    run(main);
}

TEST(ThreadsafeQueue, EveryItemArrivesOnceBetweenFourLoopsAndFourThreads) {
    constexpr int per_producer = 500;
    constexpr int producers = 8;
    ThreadsafeQueue<int> queue(4);
    std::mutex mutex;
    std::map<int, int> seen;
    const auto note = [&](const std::vector<int>& items) {
        const std::scoped_lock lock(mutex);
        for (const int item : items) {
            ++seen[item];
        }
    };
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
        const int first_of_thread = i * per_producer;
        const int first_of_task = (i + 4) * per_producer;
        threads.emplace_back([&, i, first_of_thread] {
            std::vector<int> got;
            for (int n = 0; n < per_producer; ++n) {
                queue.put_blocking(first_of_thread + n);
                got.push_back(i % 2 == 0 ? queue.get_blocking() : queue.get_blocking(1h));
            }
            note(got);
        });
        threads.emplace_back([&, first_of_task] {
            std::vector<int> got;
            const auto produce = [&]() -> Coro<> {
                for (int n = 0; n < per_producer; ++n) {
                    co_await queue.put(first_of_task + n);
                }
            };
            const auto consume = [&]() -> Coro<> {
                for (int n = 0; n < per_producer; ++n) {
                    const int item = co_await queue.get();
                    got.push_back(item);
                }
            };
            const auto main = [&]() -> Coro<> {
                auto producer = create_task(produce);
                auto consumer = create_task(consume);
                co_await producer;
                co_await consumer;
            };
            run(main);
            note(got);
        });
    }
    for (Thread& thread : threads) {
        thread.start();
    }
    for (Thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(producers * per_producer));
    for (const auto& [item, times] : seen) {
        EXPECT_EQ(times, 1) << item;
    }
    EXPECT_TRUE(queue.empty());
}

TEST(ThreadsafeQueue, NoItemIsLostWhenCancellingAndTimeoutsRaceWithPutting) {
    constexpr int count = 3000;
    ThreadsafeQueue<int> queue(2);
    std::vector<int> by_tasks;
    std::vector<int> by_thread;
    Thread producer([&] {
        for (int i = 0; i < count; ++i) {
            while (true) {
                try {
                    queue.put_blocking(i, 20us);
                    break;
                } catch (const QueueFull&) {
                }
            }
        }
        queue.shutdown();
    });
    Thread impatient([&] {
        while (true) {
            try {
                by_thread.push_back(queue.get_blocking(5us));
            } catch (const QueueEmpty&) {
            } catch (const QueueShutDown&) {
                return;
            }
        }
    });
    const auto main = [&]() -> Coro<> {
        bool ended = false;
        const auto getter = [&]() -> Coro<> {
            try {
                const int item = co_await queue.get();
                by_tasks.push_back(item);
            } catch (const QueueShutDown&) {
                ended = true;
            }
        };
        int i = 0;
        while (!ended) {
            auto doomed = create_task(getter);
            auto also_doomed = create_task(getter);
            co_await turns(i % 4);
            doomed.cancel();
            co_await turns(i % 2);
            also_doomed.cancel();
            co_await turns();
            ++i;
        }
    };
    producer.start();
    impatient.start();
    run(main);
    impatient.join();
    producer.join();
    std::map<int, int> seen;
    for (const auto* items : {&by_tasks, &by_thread}) {
        for (const int item : *items) {
            ++seen[item];
        }
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(by_tasks.size() + by_thread.size(), static_cast<std::size_t>(count));
}

TEST(ThreadsafeQueue, LoopsThatAreClosedOverTheirGettersLoseNoItem) {
    constexpr int count = 2000;
    ThreadsafeQueue<int> queue(4);
    std::atomic<int> got{0};
    Thread producer([&] {
        for (int i = 0; i < count; ++i) {
            queue.put_blocking(i);
        }
        queue.shutdown();
    });
    Thread consumer([&] {
        try {
            while (true) {
                queue.get_blocking();
                ++got;
            }
        } catch (const QueueShutDown&) {
        }
    });
    testing::internal::CaptureStderr();
    producer.start();
    consumer.start();
    const auto getter = [&]() -> Coro<> {
        while (true) {
            co_await queue.get();
            ++got;
        }
    };
    for (int i = 0; i < 50; ++i) {
        EventLoop loop;
        auto a = loop.create_task(getter());
        auto b = loop.create_task(getter());
        loop.run_until_complete(loop.create_task(turns(3)));
        loop.close();
    }
    testing::internal::GetCapturedStderr();
    producer.join();
    consumer.join();
    EXPECT_EQ(got, count);
}

} // namespace
