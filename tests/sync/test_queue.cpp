#include <hocket/queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;

template <class Q> Coro<> get(Q& queue, Log& log, std::string name) {
    try {
        const int item = co_await queue.get();
        log.push_back(name + std::to_string(item));
    } catch (const QueueShutDown&) {
        log.push_back(name + " shut down");
    }
}

template <class Q> Coro<> put(Q& queue, Log& log, int item) {
    try {
        co_await queue.put(item);
        log.push_back("put " + std::to_string(item));
    } catch (const QueueShutDown&) {
        log.push_back("put " + std::to_string(item) + " shut down");
    }
}

template <class Q> std::vector<typename Q::value_type> drain(Q& queue) {
    std::vector<typename Q::value_type> items;
    while (!queue.empty()) {
        items.push_back(queue.get_nowait());
    }
    return items;
}

TEST(Queue, IsEmptyAtFirst) {
    Queue<int> queue(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.full());
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_EQ(queue.maxsize(), 3U);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
}

TEST(Queue, ItemsComeOutInTheOrderOfPutting) {
    Queue<int> queue;
    for (int i = 0; i < 100; ++i) {
        queue.put_nowait(i);
    }
    EXPECT_EQ(queue.qsize(), 100U);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(queue.get_nowait(), i);
    }
}

TEST(Queue, KeepsTheOrderWhileItGrowsInTheMiddleOfTheRing) {
    Queue<int> queue;
    int next_in = 0;
    int next_out = 0;
    for (int round = 1; round < 50; ++round) {
        for (int i = 0; i < round; ++i) {
            queue.put_nowait(next_in++);
        }
        for (int i = 0; i < round - 1; ++i) {
            ASSERT_EQ(queue.get_nowait(), next_out++);
        }
    }
    EXPECT_EQ(queue.qsize(), 49U);
}

TEST(Queue, WithAMaxsizeIsFull) {
    Queue<int> queue(2);
    queue.put_nowait(1);
    queue.put_nowait(2);
    EXPECT_TRUE(queue.full());
    EXPECT_THROW(queue.put_nowait(3), QueueFull);
    EXPECT_EQ(queue.get_nowait(), 1);
    EXPECT_FALSE(queue.full());
}

TEST(Queue, WithoutAMaxsizeIsNeverFull) {
    Queue<int> queue;
    for (int i = 0; i < 1000; ++i) {
        queue.put_nowait(i);
    }
    EXPECT_FALSE(queue.full());
}

TEST(Queue, GetWaitsUntilAnItemIsPut) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        co_await queue.put(7);
        co_await a;
        EXPECT_EQ(log, Log{"a7"});
    });
}

TEST(Queue, PutWaitsUntilThereIsRoom) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        co_await queue.put(1);
        auto p = create_task(put(queue, log, 2));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        EXPECT_EQ(co_await queue.get(), 1);
        co_await p;
        EXPECT_EQ(co_await queue.get(), 2);
    });
}

TEST(Queue, GettersAreServedInOrderOfArrival) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        auto c = create_task(get(queue, log, "c"));
        co_await turns();
        queue.put_nowait(1);
        queue.put_nowait(2);
        queue.put_nowait(3);
        co_await turns(2);
        EXPECT_EQ(log, (Log{"a1", "b2", "c3"}));
    });
}

TEST(Queue, PuttersAreServedInOrderOfArrival) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        queue.put_nowait(0);
        auto a = create_task(put(queue, log, 1));
        auto b = create_task(put(queue, log, 2));
        auto c = create_task(put(queue, log, 3));
        co_await turns();
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(co_await queue.get(), i);
        }
        co_await turns(2);
        EXPECT_EQ(log, (Log{"put 1", "put 2", "put 3"}));
    });
}

TEST(Queue, AnItemIsReservedForTheTaskThatWasWokenForIt) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        co_await turns();
        queue.put_nowait(1);
        EXPECT_EQ(queue.qsize(), 1U);
        EXPECT_TRUE(queue.empty());
        EXPECT_THROW(queue.get_nowait(), QueueEmpty);
        queue.put_nowait(2);
        EXPECT_FALSE(queue.empty());
        co_await a;
        EXPECT_EQ(queue.qsize(), 1U);
    });
}

TEST(Queue, RoomIsReservedForTheTaskThatWaitsForIt) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        queue.put_nowait(1);
        auto p = create_task(put(queue, log, 2));
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 1);
        EXPECT_TRUE(queue.full());
        EXPECT_THROW(queue.put_nowait(3), QueueFull);
        co_await p;
        EXPECT_EQ(queue.get_nowait(), 2);
    });
}

TEST(Queue, CancellingAGetterLosesNothing) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        co_await turns();
        a.cancel();
        queue.put_nowait(1);
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b1"});
    });
}

TEST(Queue, PutThenCancelledInOneTurnWakesTheNextGetter) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        co_await turns();
        queue.put_nowait(1);
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b1"});
    });
}

TEST(Queue, PutThenCancelledInOneTurnLeavesTheItemInTheQueue) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        co_await turns();
        queue.put_nowait(1);
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_FALSE(queue.empty());
        EXPECT_EQ(queue.get_nowait(), 1);
    });
}

TEST(Queue, CancellingAPutterLeavesTheRoomToTheNext) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        queue.put_nowait(0);
        auto a = create_task(put(queue, log, 1));
        auto b = create_task(put(queue, log, 2));
        co_await turns();
        a.cancel();
        EXPECT_EQ(queue.get_nowait(), 0);
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(drain(queue), std::vector<int>{2});
    });
}

// The item is in the queue when the cancellation arrives: the put counts, and the task is cancelled
// at its next co_await.
TEST(Queue, APutThatWasServedBeforeItsTaskIsCancelledCounts) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        queue.put_nowait(0);
        auto a = create_task([&]() -> Coro<> {
            co_await queue.put(1);
            log.push_back("put");
            co_await turns();
            log.push_back("not reached");
        });
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 0);
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"put"});
        EXPECT_EQ(drain(queue), std::vector<int>{1});
    });
}

TEST(Queue, ACancelledPutLeavesTheItemAsItWas) {
    run([]() -> Coro<> {
        Queue<std::string> queue(1);
        queue.put_nowait("first");
        std::string item(100, 'x');
        auto a = create_task([&]() -> Coro<> { co_await queue.put(std::move(item)); });
        co_await turns();
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(item, std::string(100, 'x'));
    });
}

TEST(Queue, TakesItemsThatCanOnlyBeMoved) {
    run([]() -> Coro<> {
        Queue<std::unique_ptr<int>> queue(1);
        auto p = create_task([&]() -> Coro<> {
            for (int i = 0; i < 10; ++i) {
                co_await queue.put(std::make_unique<int>(i));
            }
        });
        for (int i = 0; i < 10; ++i) {
            const std::unique_ptr<int> item = co_await queue.get();
            EXPECT_EQ(*item, i);
        }
        co_await p;
    });
}

TEST(Queue, CopiesItemsThatAreStillNeeded) {
    run([]() -> Coro<> {
        Queue<std::string> queue(1);
        const std::string item(100, 'x');
        auto p = create_task([&]() -> Coro<> {
            for (int i = 0; i < 10; ++i) {
                co_await queue.put(item);
            }
        });
        for (int i = 0; i < 10; ++i) {
            EXPECT_EQ(co_await queue.get(), item);
        }
        co_await p;
    });
}

// Copying throws if `refuse` is set.
struct Stubborn {
    explicit Stubborn(bool refuse) : refuses(refuse) {}
    Stubborn(const Stubborn& other) : refuses(other.refuses) {
        if (refuses) {
            throw std::domain_error("no copies");
        }
    }
    Stubborn(Stubborn&&) = default;
    bool refuses;
};

TEST(Queue, AnItemThatCannotBeCopiedFailsItsPutterAndTheNextGetsTheRoom) {
    run([]() -> Coro<> {
        Queue<Stubborn> queue(1);
        queue.put_nowait(Stubborn(false));
        const Stubborn bad(true);
        const Stubborn good(false);
        auto a = create_task([&]() -> Coro<> { co_await queue.put(bad); });
        auto b = create_task([&]() -> Coro<> { co_await queue.put(good); });
        co_await turns();
        (void)queue.get_nowait();
        co_await b;
        EXPECT_EQ(ending(a), "no copies");
        EXPECT_EQ(queue.qsize(), 1U);
        EXPECT_THROW(queue.put_nowait(good), QueueFull);
    });
}

TEST(Queue, RoomReservedForACancelledPutterPassesToTheNext) {
    run([]() -> Coro<> {
        Queue<Stubborn> queue(1);
        queue.put_nowait(Stubborn(false));
        const Stubborn item(false);
        auto a = create_task([&]() -> Coro<> { co_await queue.put(item); });
        auto b = create_task([&]() -> Coro<> { co_await queue.put(item); });
        co_await turns();
        (void)queue.get_nowait();
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(queue.qsize(), 1U);
    });
}

TEST(Queue, JoinWaitsForTaskDoneOfEveryItem) {
    run([]() -> Coro<> {
        Queue<int> queue;
        co_await queue.join();
        queue.put_nowait(1);
        queue.put_nowait(2);
        auto j = create_task(Coro<>(queue.join()));
        (void)drain(queue);
        co_await turns(2);
        EXPECT_FALSE(j.done());
        queue.task_done();
        co_await turns(2);
        EXPECT_FALSE(j.done());
        queue.task_done();
        co_await j;
    });
}

TEST(Queue, TaskDoneTooOftenIsAnError) {
    Queue<int> queue;
    EXPECT_THROW(queue.task_done(), ValueError);
    queue.put_nowait(1);
    queue.task_done();
    EXPECT_THROW(queue.task_done(), ValueError);
}

TEST(Queue, ShutDownRefusesPutsAndEmptiesToTheLastItem) {
    run([]() -> Coro<> {
        Queue<int> queue(1);
        Log log;
        queue.put_nowait(1);
        auto p = create_task(put(queue, log, 2));
        co_await turns();
        queue.shutdown();
        co_await turns(2);
        EXPECT_EQ(log, Log{"put 2 shut down"});
        EXPECT_THROW(queue.put_nowait(3), QueueShutDown);
        EXPECT_EQ(co_await queue.get(), 1);
        EXPECT_THROW(queue.get_nowait(), QueueShutDown);
        co_await get(queue, log, "a");
        EXPECT_EQ(log.back(), "a shut down");
    });
}

TEST(Queue, ShutDownSendsWaitingGettersAwayButNotThoseWithAnItem) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        co_await turns();
        queue.put_nowait(7);
        queue.shutdown();
        co_await turns(2);
        EXPECT_EQ(log, (Log{"a7", "b shut down"}));
    });
}

TEST(Queue, ShutDownItGivesTheItemOfACancelledGetterToTheNext) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        auto c = create_task(get(queue, log, "c"));
        co_await turns();
        queue.put_nowait(7);
        queue.shutdown();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, (Log{"b7", "c shut down"}));
        EXPECT_EQ(queue.qsize(), 0U);
    });
}

TEST(Queue, ShutDownItMakesAGetterThatComesLateWaitForAnItemThatMayComeBack) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        auto b = create_task(get(queue, log, "b"));
        co_await turns();
        queue.put_nowait(7);
        queue.put_nowait(8);
        queue.shutdown();
        a.cancel();
        co_await get(queue, log, "late");
        co_await get(queue, log, "later");
        EXPECT_EQ(log, (Log{"b7", "late8", "later shut down"}));
    });
}

TEST(Queue, MayBeDestroyedOnceItIsShutDownThoughItsGettersHaveNotResumed) {
    run([]() -> Coro<> {
        auto queue = std::make_unique<Queue<int>>();
        Log log;
        auto a = create_task(get(*queue, log, "a"));
        co_await turns();
        queue->shutdown();
        queue.reset();
        co_await a;
        EXPECT_EQ(log, Log{"a shut down"});
    });
}

TEST(Queue, ShutDownImmediatelyAlsoDropsItemsReservedForWokenTasks) {
    run([]() -> Coro<> {
        Queue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        co_await turns();
        queue.put_nowait(7);
        queue.put_nowait(8);
        queue.shutdown(true);
        EXPECT_EQ(queue.qsize(), 0U);
        co_await a;
        EXPECT_EQ(log, Log{"a shut down"});
        EXPECT_THROW(queue.task_done(), ValueError);
        co_await queue.join();
    });
}

TEST(Queue, ShutDownImmediatelyStillJoinsTheItemsThatWereGot) {
    run([]() -> Coro<> {
        Queue<int> queue;
        queue.put_nowait(1);
        queue.put_nowait(2);
        co_await queue.get();
        auto j = create_task(Coro<>(queue.join()));
        co_await turns();
        queue.shutdown(true);
        co_await turns(2);
        EXPECT_FALSE(j.done());
        queue.task_done();
        co_await j;
    });
}

TEST(Queue, ShutDownTwiceIsNotAnError) {
    Queue<int> queue;
    queue.put_nowait(1);
    queue.shutdown();
    queue.shutdown();
    queue.shutdown(true);
    EXPECT_THROW(queue.get_nowait(), QueueShutDown);
}

TEST(Queue, ConsumersLeftWhenMainEndsAreCancelled) {
    Task<> left;
    run([&]() -> Coro<> {
        Queue<int> queue;
        left = create_task([&]() -> Coro<> {
            for (;;) {
                co_await queue.get();
                queue.task_done();
            }
        });
        co_await queue.put(1);
        co_await queue.join();
    });
    EXPECT_TRUE(left.cancelled());
}

TEST(Queue, GetAndPutAreCoroutinesWhereOneIsAskedFor) {
    run([]() -> Coro<> {
        Queue<std::string> queue(1);
        Task<std::string> getter = create_task(Coro<std::string>(queue.get()));
        Task<> putter = create_task(Coro<>(queue.put(std::string(100, 'x'))));
        EXPECT_EQ(co_await getter, std::string(100, 'x'));
        co_await putter;
    });
}

TEST(PriorityQueue, TheSmallestComesFirst) {
    run([]() -> Coro<> {
        PriorityQueue<std::pair<int, std::string>> queue;
        queue.put_nowait({3, "c"});
        queue.put_nowait({1, "a"});
        queue.put_nowait({2, "b"});
        EXPECT_EQ((co_await queue.get()).second, "a");
        EXPECT_EQ((co_await queue.get()).second, "b");
        EXPECT_EQ((co_await queue.get()).second, "c");
    });
}

TEST(PriorityQueue, AWokenGetterTakesTheSmallestThereIsWhenItResumes) {
    run([]() -> Coro<> {
        PriorityQueue<int> queue;
        Log log;
        auto a = create_task(get(queue, log, "a"));
        co_await turns();
        queue.put_nowait(5);
        queue.put_nowait(1);
        co_await a;
        EXPECT_EQ(log, Log{"a1"});
    });
}

TEST(PriorityQueue, BoundedServesPutters) {
    run([]() -> Coro<> {
        PriorityQueue<int> queue(1);
        Log log;
        auto a = create_task(put(queue, log, 3));
        auto b = create_task(put(queue, log, 2));
        auto c = create_task(put(queue, log, 1));
        co_await turns();
        EXPECT_EQ(co_await queue.get(), 3);
        EXPECT_EQ(co_await queue.get(), 2);
        EXPECT_EQ(co_await queue.get(), 1);
    });
}

TEST(LifoQueue, TheLastComesFirst) {
    LifoQueue<int> queue;
    queue.put_nowait(1);
    queue.put_nowait(2);
    queue.put_nowait(3);
    EXPECT_EQ(drain(queue), (std::vector<int>{3, 2, 1}));
}

// Random tasks that put, get, are cancelled, or shut the queue down. In any order, each item that
// was put is returned once, no task waits forever, the bound holds, and task_done adds up.
template <class Item> Coro<> random_traffic(unsigned seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned limit) { return random() % limit; };
    const std::size_t maxsize = below(4);
    Queue<Item> queue(maxsize);
    std::vector<int> was_put;
    std::vector<int> was_got;
    int next = 0;
    bool shut_down = false;
    bool dropped = false;
    std::vector<Task<>> putters;
    std::vector<Task<>> getters;
    for (int step = 0; step < 60; ++step) {
        switch (below(12)) {
        case 0:
        case 1:
        case 2:
            putters.push_back(create_task([&, number = next++]() -> Coro<> {
                const Item item(number);
                try {
                    co_await queue.put(item);
                    was_put.push_back(number);
                } catch (const QueueShutDown&) {
                }
            }));
            break;
        case 3:
        case 4:
        case 5:
            getters.push_back(create_task([&]() -> Coro<> {
                try {
                    const Item item = co_await queue.get();
                    was_got.push_back(item.number);
                    queue.task_done();
                } catch (const QueueShutDown&) {
                    EXPECT_EQ(queue.qsize(), 0U);
                }
            }));
            break;
        case 6:
            if (!queue.full() && !shut_down) {
                queue.put_nowait(Item(next));
                was_put.push_back(next++);
            }
            break;
        case 7:
            if (!queue.empty()) {
                was_got.push_back(queue.get_nowait().number);
                queue.task_done();
            }
            break;
        case 8:
            if (!putters.empty()) {
                putters[below(static_cast<unsigned>(putters.size()))].cancel();
            }
            break;
        case 9:
            if (!getters.empty()) {
                getters[below(static_cast<unsigned>(getters.size()))].cancel();
            }
            break;
        case 10: co_await turns(static_cast<int>(below(3))); break;
        default:
            if (below(20) == 0) {
                shut_down = true;
                const bool immediate = below(2) == 0;
                dropped = dropped || immediate;
                queue.shutdown(immediate);
            }
        }
        if (maxsize > 0) {
            EXPECT_LE(queue.qsize(), maxsize);
        }
    }
    co_await turns(100);
    const auto waiting = [](const std::vector<Task<>>& tasks) {
        return std::count_if(tasks.begin(), tasks.end(), [](const auto& t) { return !t.done(); });
    };
    const auto idle_getters = waiting(getters);
    const auto idle_putters = waiting(putters);
    EXPECT_TRUE(idle_getters == 0 || queue.qsize() == 0);
    EXPECT_TRUE(idle_putters == 0 || queue.qsize() == maxsize);
    EXPECT_TRUE(!shut_down || idle_getters + idle_putters == 0);
    EXPECT_EQ(queue.empty(), queue.qsize() == 0);
    EXPECT_EQ(queue.full(), maxsize > 0 && queue.qsize() == maxsize);
    for (auto& task : putters) {
        task.cancel();
    }
    co_await turns(100);
    for (auto& task : getters) {
        task.cancel();
    }
    co_await turns(100);
    const std::size_t left = queue.qsize();
    while (!queue.empty()) {
        was_got.push_back(queue.get_nowait().number);
        queue.task_done();
    }
    EXPECT_LE(left, was_put.size());
    // The order in which waiting getters run is not fixed, so compare the results as a set.
    std::sort(was_put.begin(), was_put.end());
    std::vector<int> got = was_got;
    std::sort(got.begin(), got.end());
    EXPECT_TRUE(std::adjacent_find(got.begin(), got.end()) == got.end());
    if (!dropped) {
        EXPECT_EQ(got, was_put);
        EXPECT_THROW(queue.task_done(), ValueError);
        co_await queue.join();
    } else {
        EXPECT_TRUE(std::includes(was_put.begin(), was_put.end(), got.begin(), got.end()));
    }
}

struct Plain {
    explicit Plain(int value) : number(value) {}
    int number;
};
// The queue must assume that copying throws, so putters add the item themselves.
struct Careful {
    explicit Careful(int value) : number(value), bulk(40, 'x') {}
    int number;
    std::string bulk;
};

TEST(Queue, LosesNothingWhateverHappens) {
    for (unsigned seed = 0; seed < 4000 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        run([seed]() -> Coro<> { return random_traffic<Plain>(seed); });
        run([seed]() -> Coro<> { return random_traffic<Careful>(seed); });
    }
}

// One task at a time calls, so that a plain deque can be compared.
TEST(Queue, DoesWhatADequeDoes) {
    for (unsigned seed = 0; seed < 2000; ++seed) {
        std::mt19937 random(seed);
        Queue<int> queue(random() % 8);
        std::deque<int> model;
        for (int step = 0; step < 200; ++step) {
            if (random() % 2 == 0) {
                if (queue.maxsize() != 0 && model.size() == queue.maxsize()) {
                    ASSERT_THROW(queue.put_nowait(step), QueueFull);
                } else {
                    queue.put_nowait(step);
                    model.push_back(step);
                }
            } else if (model.empty()) {
                ASSERT_THROW(queue.get_nowait(), QueueEmpty);
            } else {
                ASSERT_EQ(queue.get_nowait(), model.front());
                model.pop_front();
            }
            ASSERT_EQ(queue.qsize(), model.size());
        }
    }
}

} // namespace
