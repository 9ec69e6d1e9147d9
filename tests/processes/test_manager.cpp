#include <hocket/manager.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/pool.hpp>
#include <hocket/process.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/sleep.hpp>

#include "support/open_descriptors.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

namespace {

using Counts = ManagedDict<std::string, int>;

void add_one(int& value) { ++value; }
int doubled(int value) { return value * 2; }

struct Point {
    int x = 0;
    int y = 0;
    MSGPACK_DEFINE(x, y)
};

/// Cannot cross to another process, and need not.
class Account {
public:
    explicit Account(std::string owner) : owner_(std::move(owner)) {}
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;
    virtual ~Account() = default;

    int deposit(int amount) { return balance_ += amount; }
    void withdraw(int amount) {
        if (amount > balance_) {
            throw std::range_error("not enough");
        }
        balance_ -= amount;
    }
    [[nodiscard]] const std::string& owner() const { return owner_; }
    [[nodiscard]] virtual std::string kind() const { return "account"; }
    Coro<int> balance_later() {
        co_await sleep(0s);
        co_return balance_;
    }

private:
    std::string owner_;
    int balance_ = 0;
};

class Savings : public Account {
public:
    using Account::Account;
    [[nodiscard]] std::string kind() const override { return "savings"; }
};

struct First {
    int one = 1;
    virtual ~First() = default;
    [[nodiscard]] virtual int first() const { return one; }
};
struct Second {
    int two = 2;
    virtual ~Second() = default;
    [[nodiscard]] int second() const { return two; }
    [[nodiscard]] virtual int number() const { return two; }
};
struct Both : First, Second {
    [[nodiscard]] int number() const override { return 12; }
};

int objects_alive = 0; // at the manager

struct Counted {
    Counted() { ++objects_alive; }
    ~Counted() { --objects_alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
};

struct Census {
    [[nodiscard]] int alive() const { return objects_alive; }
};

void kill_process(const Process& process) {
    process.kill();
    process.join();
}

void run_process(Process process) {
    process.start();
    process.join();
    EXPECT_EQ(process.exitcode(), 0);
}

void die() { ::raise(SIGKILL); }

} // namespace

TEST(Manager, HoldsADict) {
    const Manager manager;
    const Counts counts = manager.dict<std::string, int>();
    EXPECT_EQ(counts.size(), 0U);
    counts.set("b", 2);
    counts.set("a", 1);
    EXPECT_EQ(counts.get("a"), 1);
    EXPECT_THROW(static_cast<void>(counts.get("c")), std::out_of_range);
    EXPECT_EQ(counts.get_or("c", 3), 3);
    EXPECT_EQ(counts.setdefault("c", 4), 4);
    EXPECT_EQ(counts.setdefault("c", 5), 4);
    EXPECT_TRUE(counts.contains("c"));
    EXPECT_EQ(counts.pop("c"), 4);
    EXPECT_THROW(counts.pop("c"), std::out_of_range);
    EXPECT_THAT(counts.keys(), ElementsAre("a", "b"));
    EXPECT_TRUE(counts.erase("a"));
    EXPECT_FALSE(counts.erase("a"));
    counts.update({{"b", 5}, {"d", 6}});
    EXPECT_THAT(counts.items(), ElementsAre(Pair("b", 5), Pair("d", 6)));
    counts.clear();
    EXPECT_EQ(counts.size(), 0U);
}

TEST(Manager, UpdatesAValueOfADictWhereItIs) {
    const Manager manager;
    const Counts counts = manager.dict<std::string, int>();
    counts.update("a", add_one);
    counts.update("a", [](int& value) { ++value; });
    counts.update(
        "a", [](int& value, int by) { value += by; }, 10);
    EXPECT_EQ(counts.get("a"), 12);
    EXPECT_EQ(counts.update("a", doubled), 24);
    EXPECT_EQ(counts.update(
                  "a", [](int value, int by) { return value - by; }, 4),
              20);
    EXPECT_EQ(counts.get("a"), 20);
    EXPECT_THROW(counts.update("a", [](int&) { throw std::range_error("no"); }), std::range_error);
}

TEST(Manager, HoldsAList) {
    const Manager manager;
    const auto list = manager.list<std::string>();
    list.append("b");
    list.extend({"c", "d"});
    list.insert(0, "a");
    list.insert(100, "e");
    EXPECT_EQ(list.size(), 5U);
    EXPECT_EQ(list.get(1), "b");
    list.set(1, "B");
    EXPECT_THAT(list.to_vector(), ElementsAre("a", "B", "c", "d", "e"));
    EXPECT_EQ(list.pop(), "e");
    EXPECT_EQ(list.pop(0), "a");
    list.update(0, [](std::string& word) { word += "!"; });
    EXPECT_EQ(list.get(0), "B!");
    EXPECT_THROW(static_cast<void>(list.get(3)), std::out_of_range);
    list.clear();
    EXPECT_THROW(list.pop(), std::out_of_range);
}

TEST(Manager, HoldsAValue) {
    const Manager manager;
    const auto value = manager.value(Point{1, 2});
    EXPECT_EQ(value.get().y, 2);
    value.set({3, 4});
    value.update([](Point& point, int by) { point.x += by; }, 10);
    EXPECT_EQ(value.get().x, 13);
}

TEST(Manager, CarriesLargeValues) {
    const Manager manager;
    for (const std::size_t size : {100UL, 10'000UL, 100'000UL, 10'000'000UL}) {
        const std::string text(size, 'x');
        const auto value = manager.value(text);
        EXPECT_EQ(value.get(), text);
    }
}

TEST(Manager, CarriesWhatProcessesShare) {
    const Manager manager;
    SharedArray<int> array(3);
    array[1] = 7;
    const auto dict = manager.dict<int, SharedArray<int>>();
    dict.set(1, array);
    SharedArray<int> same = dict.get(1);
    EXPECT_EQ(same[1], 7);
    same[1] = 8;
    EXPECT_EQ(array[1], 8);
}

TEST(Manager, HoldsObjectsOfAnyClass) {
    const Manager manager;
    const auto account = manager.create<Account>("Ada");
    EXPECT_EQ(account.call(&Account::deposit, 10), 10);
    account.call(&Account::withdraw, 3);
    EXPECT_EQ(account.call(&Account::deposit, 0), 7);
    EXPECT_EQ(account.call(&Account::owner), "Ada");
    EXPECT_THROW(account.call(&Account::withdraw, 100), std::range_error);
    EXPECT_EQ(account.call([](Account& own, int by) { return own.deposit(by); }, 1), 8);
    EXPECT_EQ(account.call(&Account::balance_later), 8);
}

TEST(Manager, CallsVirtualFunctions) {
    const Manager manager;
    EXPECT_EQ(manager.create<Account>("Ada").call(&Account::kind), "account");
    EXPECT_EQ(manager.create<Savings>("Ada").call(&Account::kind), "savings");
}

TEST(Manager, CallsFunctionsOfASecondBase) {
    const Manager manager;
    const auto both = manager.create<Both>();
    using Function = int (Both::*)() const;
    EXPECT_EQ(both.call(static_cast<Function>(&Second::second)), 2);
    EXPECT_EQ(both.call(static_cast<Function>(&Second::number)), 12);
    EXPECT_EQ(both.call(&First::first), 1);
}

TEST(Manager, QueueHandsItemsOverInOrder) {
    const Manager manager;
    const auto queue = manager.queue<int>(2);
    EXPECT_TRUE(queue.empty());
    queue.put(1);
    queue.put(2);
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_THROW(queue.put_nowait(3), QueueFull);
    EXPECT_THROW(queue.put(3, 1ms), QueueFull);
    EXPECT_THROW(queue.put(3, 0ms), QueueFull);
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get(1h), 2);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
    EXPECT_THROW(queue.get(1ms), QueueEmpty);
    EXPECT_THROW(queue.get(0ms), QueueEmpty);
    queue.put(4, 1h);
    EXPECT_EQ(queue.get(0ms), 4);
}

TEST(Manager, AWaitingGetDoesNotBlockOtherClients) {
    const Manager manager;
    const auto queue = manager.queue<int>();
    const auto value = manager.value(0);
    std::thread getter([&] { EXPECT_EQ(queue.get(), 5); });
    value.set(1);
    EXPECT_EQ(value.get(), 1);
    queue.put(5);
    getter.join();
}

TEST(Manager, LockKeepsOthersOut) {
    const Manager manager;
    const auto lock = manager.lock();
    {
        const auto guard = lock.scoped();
        EXPECT_FALSE(lock.acquire(0ms));
        EXPECT_FALSE(lock.acquire(1ms));
    }
    EXPECT_TRUE(lock.acquire(0ms));
    lock.release();
    EXPECT_TRUE(lock.acquire(1h));
    lock.release();
    EXPECT_THROW(lock.release(), RuntimeError);
}

TEST(Manager, AReleasedLockPassesToAWaiter) {
    const Manager manager;
    const auto lock = manager.lock();
    const auto value = manager.value(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 25; ++j) {
                const auto guard = lock.scoped();
                value.set(value.get() + 1);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(value.get(), 100);
}

TEST(Manager, ProxiesCrossToWorkersAndBack) {
    const Manager manager;
    const Counts counts = manager.dict<std::string, int>();
    Pool pool(2);
    pool.map_async([](const Counts& to) { to.update("calls", add_one); },
                   std::vector<Counts>(20, counts), 1)
        .result();
    EXPECT_EQ(counts.get("calls"), 20);
    const Counts back = pool.apply([](const Counts& given) { return given; }, counts);
    EXPECT_EQ(back.get("calls"), 20);
}

TEST(Manager, ProxiesCrossToAProcess) {
    const Manager manager;
    const auto queue = manager.queue<std::string>();
    run_process(
        Process([](const ManagedQueue<std::string>& to) { to.put("from a process"); }, queue));
    EXPECT_EQ(queue.get(), "from a process");
}

TEST(Manager, ProxiesAreValuesOfOtherObjects) {
    const Manager manager;
    const auto lists = manager.dict<std::string, ManagedList<int>>();
    {
        const auto list = manager.list<int>();
        lists.set("a", list);
        list.append(1);
    }
    lists.get("a").append(2);
    EXPECT_THAT(lists.get("a").to_vector(), ElementsAre(1, 2));
    EXPECT_THROW(lists.update("a", [](ManagedList<int>& list) { static_cast<void>(list.size()); }),
                 RuntimeError);
}

TEST(Manager, AnObjectLivesAsLongAsItsProxies) {
    const Manager manager;
    const auto census = manager.create<Census>();
    auto object = manager.create<Counted>();
    {
        const auto copy = object;
        EXPECT_EQ(census.call(&Census::alive), 1);
        object = {};
        EXPECT_EQ(census.call(&Census::alive), 1);
    }
    EXPECT_EQ(census.call(&Census::alive), 0);
}

TEST(Manager, AnObjectLivesAsLongAsTheProcessesThatHaveProxies) {
    const Manager manager;
    const auto census = manager.create<Census>();
    const auto arrived = manager.queue<int>();
    auto object = manager.create<Counted>();
    Process process(
        [](const ManagedObject<Counted>&, const ManagedQueue<int>& to) {
            to.put(1);
            ::pause();
        },
        object, arrived);
    process.start();
    EXPECT_EQ(arrived.get(), 1);
    object = {};
    EXPECT_EQ(census.call(&Census::alive), 1);
    kill_process(process);
    while (census.call(&Census::alive) != 0) { // until the manager has noticed the death
    }
}

TEST(Manager, AProxyThatRefersToNothingSaysSo) {
    const Counts nothing;
    EXPECT_FALSE(nothing);
    EXPECT_THROW(static_cast<void>(nothing.size()), RuntimeError);
    const Manager manager;
    EXPECT_TRUE(manager.lock());
    const auto holder = manager.value(Counts());
    EXPECT_FALSE(holder.get());
}

TEST(Manager, AProxyOfAnotherKindIsRefused) {
    const Manager manager;
    const auto list = manager.list<int>();
    const ManagedValue<int> wrong{detail::ManagedReference(list)};
    EXPECT_THROW(static_cast<void>(wrong.get()), RuntimeError);
}

TEST(Manager, ThreadsAskBesideEachOther) {
    const Manager manager;
    const auto value = manager.value(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 100; ++j) {
                value.update(add_one);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(value.get(), 800);
}

TEST(Manager, ADeadHoldersLockPassesToTheNextWaiter) {
    const Manager manager;
    const auto lock = manager.lock();
    const auto queue = manager.queue<int>();
    Process holder(
        [](const ManagedLock& held, const ManagedQueue<int>& to) {
            held.acquire();
            to.put(1);
            ::pause();
        },
        lock, queue);
    holder.start();
    EXPECT_EQ(queue.get(), 1);
    EXPECT_FALSE(lock.acquire(0ms));
    std::thread next([&] { lock.acquire(); });
    kill_process(holder);
    next.join();
    lock.release();
}

TEST(Manager, AWaiterThatDiesIsSkipped) {
    const Manager manager;
    const auto queue = manager.queue<int>();
    const auto ready = manager.queue<int>();
    Process waiting(
        [](const ManagedQueue<int>& from, const ManagedQueue<int>& to) {
            to.put(1);
            from.get();
        },
        queue, ready);
    waiting.start();
    ready.get();
    kill_process(waiting);
    // Whatever the dead process had done, nobody waits behind it, and no item is lost.
    const auto lock = manager.lock();
    { const auto guard = lock.scoped(); }
    queue.put(5);
    EXPECT_EQ(queue.get(), 5);
}

TEST(Manager, KillingItFailsEveryWaiter) {
    const Manager manager;
    const auto queue = manager.queue<int>();
    const auto lock = manager.lock();
    lock.acquire();
    std::latch asked(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            asked.count_down();
            EXPECT_THROW(queue.get(), WorkerDied);
        });
        threads.emplace_back([&] {
            asked.count_down();
            EXPECT_THROW(lock.acquire(), WorkerDied);
        });
    }
    asked.wait();
    ::kill(manager.process().pid().value(), SIGKILL);
    for (std::thread& thread : threads) {
        thread.join();
    }
    try {
        queue.put(1);
        FAIL();
    } catch (const WorkerDied& died) {
        EXPECT_EQ(died.exitcode(), -SIGKILL);
        EXPECT_EQ(died.pid(), manager.process().pid());
        EXPECT_THAT(died.what(), HasSubstr("signal 9"));
    }
}

TEST(Manager, KilledAtAnyMomentFailsEveryCallThatRuns) {
    for (int round = 0; round < 10; ++round) {
        const Manager manager;
        const auto value = manager.value(0);
        std::atomic<int> calls{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                try {
                    for (;;) {
                        value.update(add_one);
                        ++calls;
                        calls.notify_one();
                    }
                } catch (const WorkerDied&) {
                }
            });
        }
        for (int seen = 0; seen < round * 37; seen = calls) {
            calls.wait(seen);
        }
        manager.process().kill();
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
}

TEST(Manager, ALockSurvivesTheDeathsOfManyHolders) {
    const Manager manager;
    const auto lock = manager.lock();
    const auto value = manager.value(0);
    std::vector<Process> processes;
    for (int i = 0; i < 6; ++i) {
        processes.emplace_back(
            [](const ManagedLock& held, const ManagedValue<int>& counter) {
                held.acquire();
                counter.update(add_one);
                die();
            },
            lock, value);
        processes.back().start();
    }
    for (Process& process : processes) {
        process.join();
        EXPECT_EQ(process.exitcode(), -SIGKILL);
    }
    lock.acquire();
    EXPECT_EQ(value.get(), 6);
}

TEST(Manager, AFunctionThatCrashesItIsAnErrorOfTheCall) {
    const Manager manager;
    const auto value = manager.value(1);
    EXPECT_THROW(value.update([](int&) { die(); }), WorkerDied);
    EXPECT_THROW(static_cast<void>(manager.dict<int, int>()), WorkerDied);
}

TEST(Manager, WorkersNoticeItsDeathToo) {
    Pool pool(1);
    auto manager = std::make_unique<Manager>();
    const auto value = manager->value(1);
    const auto read = [](const ManagedValue<int>& from) { return from.get(); };
    EXPECT_EQ(pool.apply(read, value), 1);
    const auto waiting = pool.apply_async([](const ManagedQueue<int>& from) { return from.get(); },
                                          manager->queue<int>());
    manager.reset();
    EXPECT_THROW(waiting.result(), WorkerDied);
    EXPECT_THROW(pool.apply(read, value), WorkerDied);
}

TEST(Manager, ShutDownEndsItInOrder) {
    Manager manager;
    const auto value = manager.value(1);
    const auto queue = manager.queue<int>();
    std::thread waiting([&] { EXPECT_THROW(queue.get(), WorkerDied); });
    EXPECT_EQ(value.get(), 1);
    manager.shutdown();
    waiting.join();
    EXPECT_EQ(manager.process().exitcode(), 0);
    EXPECT_THROW(static_cast<void>(value.get()), WorkerDied);
    manager.shutdown();
}

TEST(Manager, IgnoresSigint) {
    const Manager manager;
    const auto value = manager.value(1);
    ::kill(manager.process().pid().value(), SIGINT);
    EXPECT_EQ(value.get(), 1);
}

TEST(Manager, LeavesNoDescriptorAndNoChildBehind) {
    { static_cast<void>(Manager().value(1).get()); }
    const std::size_t before = open_descriptors();
    {
        const Manager manager;
        const auto value = manager.value(std::string(1'000'000, 'x'));
        std::thread([&] { static_cast<void>(value.get()); }).join();
        const Manager killed;
        const auto lock = killed.lock();
        kill_process(killed.process());
        EXPECT_THROW(lock.acquire(), WorkerDied);
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(has_no_children());
}
