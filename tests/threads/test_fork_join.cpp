#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/fork_join.hpp>

using namespace hocket;

namespace {

long fib(int n) {
    if (n < 2) {
        return n;
    }
    Fork first([n] { return fib(n - 1); });
    const long second = fib(n - 2);
    return first.join() + second;
}

/// Returns once `count` threads have called it.
void meet(std::atomic<int>& arrived, int count) {
    ++arrived;
    arrived.notify_all();
    for (int now = arrived; now < count; now = arrived) {
        arrived.wait(now);
    }
}

} // namespace

TEST(ForkJoin, DividesWorkAmongAnyNumberOfWorkers) {
    for (const std::size_t workers : {1, 2, 3, 8}) {
        ThreadPoolExecutor pool(workers);
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(fork_join(pool, [] { return fib(18); }), 2'584);
        }
        EXPECT_EQ(pool.submit([] { return fib(18); }).result(), 2'584);
    }
}

TEST(ForkJoin, WithoutAPoolTheCallIsMadeInJoin) {
    const auto here = std::this_thread::get_id();
    int calls = 0;
    Fork fork([&] { return ++calls, std::this_thread::get_id(); });
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(fork.join(), here);
    EXPECT_EQ(calls, 1);
}

TEST(ForkJoin, AnotherThreadTakesAFork) {
    ThreadPoolExecutor pool(1);
    std::atomic<int> arrived{0};
    fork_join(pool, [&] {
        Fork other([&] { return meet(arrived, 2), std::make_unique<int>(4); });
        meet(arrived, 2);
        EXPECT_EQ(*other.join(), 4);
    });
}

TEST(ForkJoin, ExceptionsComeOutOfJoin) {
    ThreadPoolExecutor pool(1);
    std::atomic<int> arrived{0};
    fork_join(pool, [&] {
        Fork taken([&] {
            meet(arrived, 2);
            throw std::length_error("there");
        });
        meet(arrived, 2);
        EXPECT_THROW(taken.join(), std::length_error);
    });
    Fork own([] { throw std::length_error("here"); });
    EXPECT_THROW(own.join(), std::length_error);
}

TEST(ForkJoin, AForkThatIsNotJoinedIsWithdrawn) {
    int calls = 0;
    {
        const Fork never([&] { ++calls; });
    }
    EXPECT_EQ(calls, 0);
    ThreadPoolExecutor pool(1);
    std::atomic<int> arrived{0};
    std::atomic<bool> ended{false};
    fork_join(pool, [&] {
        const Fork taken([&] {
            meet(arrived, 2);
            std::this_thread::yield();
            ended = true;
            throw std::runtime_error("nobody asks");
        });
        meet(arrived, 2);
    });
    EXPECT_TRUE(ended.load());
}

TEST(ForkJoin, ForksMayBeJoinedInAnyOrder) {
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 1'000; ++i) {
        const std::string text = fork_join(pool, [] {
            Fork a([] { return std::string("a"); });
            Fork b([] { return std::string("b"); });
            Fork c([] { return std::string("c"); });
            std::string joined = b.join();
            joined += a.join();
            return joined + c.join();
        });
        EXPECT_EQ(text, "bac");
    }
}

TEST(ForkJoin, MoreForksThanThereIsRoomForAreMadeInJoin) {
    ThreadPoolExecutor pool(2);
    const auto deep = [](auto& self, int depth) -> int {
        if (depth == 0) {
            return 0;
        }
        Fork one([] { return 1; });
        const int below = self(self, depth - 1);
        return below + one.join();
    };
    EXPECT_EQ(fork_join(pool, [&] { return deep(deep, 1'000); }), 1'000);
}

TEST(ForkJoin, ManyGuestsShareOnePool) {
    ThreadPoolExecutor pool(2);
    std::vector<std::thread> guests;
    std::atomic<long> sum{0};
    for (int i = 0; i < 20; ++i) { // more than there are slots
        guests.emplace_back([&] { sum += fork_join(pool, [] { return fib(15); }); });
    }
    for (auto& guest : guests) {
        guest.join();
    }
    EXPECT_EQ(sum.load(), 20 * 610);
}

TEST(ForkJoin, SubmittedWorkGoesOnBesideForks) {
    ThreadPoolExecutor pool(2);
    std::vector<Future<long>> futures;
    for (int i = 0; i < 200; ++i) {
        futures.push_back(pool.submit([] { return fib(10); }));
    }
    EXPECT_EQ(fork_join(pool, [] { return fib(20); }), 6'765);
    for (const auto& future : futures) {
        EXPECT_EQ(future.result(), 55);
    }
}

TEST(ForkJoin, APoolMayBeEnteredFromAnothersWorker) {
    ThreadPoolExecutor outer(2);
    ThreadPoolExecutor inner(1);
    const auto sum = outer.submit([&inner] {
        Fork own([] { return fib(10); });
        const long nested = fork_join(inner, [] { return fib(12); });
        return own.join() + nested;
    });
    EXPECT_EQ(sum.result(), 55 + 144);
}

TEST(ForkJoin, ARestingPoolIsWokenForForks) {
    ThreadPoolExecutor pool(1);
    for (int i = 0; i < 200; ++i) {
        std::atomic<int> arrived{0};
        fork_join(pool, [&] {
            Fork other([&] { meet(arrived, 2); });
            meet(arrived, 2);
            other.join();
        });
        pool.submit([] {}).result();
    }
}
