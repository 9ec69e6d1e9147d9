// The awaitable functions of a manager's proxies.
#include <hocket/manager.hpp>

#include <csignal>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task_group.hpp>
#include <hocket/wait.hpp>

#include "support/open_descriptors.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

namespace {

void add_one(int& value) { ++value; }

class Account {
public:
    int deposit(int amount) { return balance_ += amount; }
    void fail() { throw std::range_error("not enough"); }
    Coro<int> balance_later() {
        co_await sleep(0s);
        co_return balance_;
    }

private:
    int balance_ = 0;
};

void block_for(Account&, int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

} // namespace

TEST(ManagedAsync, ADictDoesInATaskWhatItDoesInAThread) {
    const Manager manager;
    const auto dict = manager.dict<std::string, int>();
    run([&]() -> Coro<> {
        co_await dict.set_async("a", 1);
        EXPECT_EQ(co_await dict.get_async("a"), 1);
        EXPECT_EQ(co_await dict.get_or_async("b", 7), 7);
        EXPECT_EQ(co_await dict.setdefault_async("b", 2), 2);
        EXPECT_TRUE(co_await dict.contains_async("b"));
        EXPECT_EQ(co_await dict.size_async(), 2U);
        EXPECT_THAT(co_await dict.keys_async(), ElementsAre("a", "b"));
        co_await dict.update_async("a", add_one);
        EXPECT_EQ(co_await dict.update_async(
                      "b", [](int n, int more) { return n + more; }, 3),
                  5);
        const std::map<std::string, int> others{{"c", 3}};
        co_await dict.update_async(others);
        EXPECT_THAT(co_await dict.items_async(),
                    ElementsAre(Pair("a", 2), Pair("b", 5), Pair("c", 3)));
        EXPECT_EQ(co_await dict.pop_async("a"), 2);
        EXPECT_FALSE(co_await dict.erase_async("a"));
        EXPECT_THROW(co_await dict.get_async("a"), std::out_of_range);
        co_await dict.clear_async();
        EXPECT_EQ(co_await dict.size_async(), 0U);
    });
}

TEST(ManagedAsync, AListAndAValueToo) {
    const Manager manager;
    const auto list = manager.list<int>();
    const auto value = manager.value(std::string("x"));
    run([&]() -> Coro<> {
        co_await list.append_async(1);
        const std::vector<int> more{2, 3};
        co_await list.extend_async(more);
        co_await list.insert_async(0, 0);
        co_await list.set_async(1, 10);
        co_await list.update_async(3, add_one);
        EXPECT_THAT(co_await list.to_vector_async(), ElementsAre(0, 10, 2, 4));
        EXPECT_EQ(co_await list.get_async(1), 10);
        EXPECT_EQ(co_await list.pop_async(), 4);
        EXPECT_EQ(co_await list.pop_async(0), 0);
        EXPECT_EQ(co_await list.size_async(), 2U);
        EXPECT_THROW(co_await list.get_async(9), std::out_of_range);
        co_await list.clear_async();
        EXPECT_THROW(co_await list.pop_async(), std::out_of_range);

        EXPECT_EQ(co_await value.get_async(), "x");
        co_await value.set_async(std::string(100'000, 'y')); // does not fit the socket
        EXPECT_EQ((co_await value.get_async()).size(), 100'000U);
        co_await value.update_async([](std::string& text) { text = "z"; });
        EXPECT_EQ(co_await value.get_async(), "z");
    });
}

TEST(ManagedAsync, AnObjectsFunctionsAreAwaited) {
    const Manager manager;
    const auto account = manager.create<Account>();
    run([&]() -> Coro<> {
        EXPECT_EQ(co_await account.call_async(&Account::deposit, 100), 100);
        EXPECT_EQ(co_await account.call_async(&Account::balance_later), 100);
        EXPECT_THROW(co_await account.call_async(&Account::fail), std::range_error);
    });
}

TEST(ManagedAsync, TheLoopGoesOnWhileTheManagerIsBusy) {
    const Manager manager;
    const auto account = manager.create<Account>();
    run([&]() -> Coro<> {
        auto busy = create_task(account.call_async(block_for, 50));
        int turns = 0;
        while (!busy.done()) {
            co_await sleep(0s);
            ++turns;
        }
        EXPECT_GT(turns, 10);
        co_await busy;
    });
}

TEST(ManagedAsync, ArgumentsNeedNotOutliveTheCall) {
    const Manager manager;
    const auto value = manager.value(std::string());
    run([&]() -> Coro<> {
        Coro<> setting = value.set_async(std::string(5'000, 'a'));
        const std::string other(5'000, 'b');
        co_await std::move(setting);
        EXPECT_EQ(co_await value.get_async(), std::string(5'000, 'a'));
    });
}

TEST(ManagedAsync, TasksWaitForAQueueBesideEachOther) {
    const Manager manager;
    const auto queue = manager.queue<int>(1);
    run([&]() -> Coro<> {
        std::vector<Task<int>> getting;
        for (int i = 0; i < 10; ++i) {
            getting.push_back(create_task(queue.get_async()));
        }
        for (int i = 0; i < 10; ++i) {
            co_await queue.put_async(i);
        }
        int sum = 0;
        for (Task<int>& each : getting) {
            sum += co_await each;
        }
        EXPECT_EQ(sum, 45);
        EXPECT_TRUE(co_await queue.empty_async());
        co_await queue.put_async(1);
        EXPECT_TRUE(co_await queue.full_async());
        EXPECT_EQ(co_await queue.qsize_async(), 1U);
        EXPECT_THROW(co_await wait_for(queue.put_async(2), 1ms), TimeoutError);
        EXPECT_EQ(queue.get(), 1);
        EXPECT_TRUE(queue.empty());
    });
}

TEST(ManagedAsync, CancellingAGetAtAnyMomentLosesNoItem) {
    const Manager manager;
    const auto queue = manager.queue<int>();
    constexpr int count = 300;
    run([&]() -> Coro<> {
        std::vector<int> taken;
        int cancelled = 0;
        int put = 0;
        for (int round = 0; static_cast<int>(taken.size()) < count; ++round) {
            auto getting = create_task(queue.get_async());
            if (put < count) {
                queue.put_nowait(put++);
            }
            for (int turn = 0; turn < round % 7; ++turn) {
                co_await sleep(0s);
            }
            if (put < count) {
                getting.cancel();
            }
            try {
                taken.push_back(co_await getting);
            } catch (const CancelledError&) {
                ++cancelled;
            }
        }
        EXPECT_GT(cancelled, 0);
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(taken[static_cast<std::size_t>(i)], i);
        }
        EXPECT_TRUE(queue.empty());
    });
}

TEST(ManagedAsync, ACancelledGetGoesToTheNextWaiter) {
    const Manager manager;
    const auto queue = manager.queue<int>();
    run([&]() -> Coro<> {
        auto first = create_task(queue.get_async());
        co_await sleep(5ms);
        auto second = create_task(queue.get_async());
        co_await sleep(5ms);
        first.cancel();
        EXPECT_THROW(co_await first, CancelledError);
        queue.put(5);
        EXPECT_EQ(co_await second, 5);
    });
}

TEST(ManagedAsync, CancellingAnAcquireAtAnyMomentLeavesTheLockFree) {
    const Manager manager;
    const auto lock = manager.lock();
    run([&]() -> Coro<> {
        for (int round = 0; round < 200; ++round) {
            auto acquiring = create_task(lock.acquire_async());
            for (int turn = 0; turn < round % 7; ++turn) {
                co_await sleep(0s);
            }
            acquiring.cancel();
            bool is_acquired = true;
            try {
                co_await acquiring;
            } catch (const CancelledError&) {
                is_acquired = false;
            }
            if (is_acquired) {
                co_await lock.release_async();
            }
            EXPECT_TRUE(lock.acquire(1h));
            lock.release();
        }
    });
}

TEST(ManagedAsync, ALockKeepsOtherTasksOut) {
    const Manager manager;
    const auto lock = manager.lock();
    const auto value = manager.value(0);
    run([&]() -> Coro<> {
        const auto add = [&]() -> Coro<> {
            for (int i = 0; i < 10; ++i) {
                const auto guard = co_await lock.scoped_async();
                co_await value.set_async(co_await value.get_async() + 1);
            }
        };
        co_await gather(add, add, add, add);
        EXPECT_EQ(value.get(), 40);
    });
}

TEST(ManagedAsync, TheManagersDeathFailsEveryWaitingTask) {
    Manager manager;
    const auto queue = manager.queue<int>();
    run([&]() -> Coro<> {
        std::vector<Task<int>> getting;
        for (int i = 0; i < 5; ++i) {
            getting.push_back(create_task(queue.get_async()));
        }
        co_await sleep(5ms);
        manager.process().kill();
        for (Task<int>& each : getting) {
            EXPECT_THROW(co_await each, WorkerDied);
        }
        EXPECT_THROW(co_await queue.get_async(), WorkerDied);
    });
}

TEST(ManagedAsync, ALoopThatEndsWithCallsOnTheirWayLeaksNothing) {
    const std::size_t before = open_descriptors();
    {
        const Manager manager;
        const auto queue = manager.queue<int>();
        Task<int> getting;
        run([&]() -> Coro<> {
            getting = create_task(queue.get_async());
            co_await sleep(2ms);
        });
        EXPECT_TRUE(getting.cancelled());
        EventLoop loop; // abandons its task
        loop.set_exception_handler([](EventLoop&, const ExceptionContext&) {});
        auto abandoned = loop.create_task(queue.get_async());
        loop.call_later(2ms, [&] { loop.stop(); });
        loop.run_forever();
        loop.close();
        queue.put(1);
        EXPECT_EQ(queue.get(), 1);
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST(ManagedAsync, AProxyThatRefersToNothingSaysSo) {
    const ManagedDict<std::string, int> nothing;
    run([&]() -> Coro<> {
        EXPECT_THROW(co_await nothing.get_async("a"), RuntimeError);
        co_return;
    });
}
