#include <atomic>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/parallel.hpp>

using namespace hocket;

TEST(ParallelFor, CallsTheBodyOnceForEachIndex) {
    for (const std::size_t workers : {1, 2, 5}) {
        ThreadPoolExecutor pool(workers);
        for (const std::size_t size : {0, 1, 2, 3, 1'000, 10'007}) {
            for (const std::size_t grain : {0, 1, 7, 100'000}) {
                std::vector<std::atomic<int>> calls(size);
                parallel_for(
                    pool, 0, size, [&](std::size_t i) { ++calls[i]; }, grain);
                for (const auto& count : calls) {
                    ASSERT_EQ(count.load(), 1);
                }
            }
        }
    }
}

TEST(ParallelFor, CountsToTheEdgesOfItsIndices) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> sum{0};
    parallel_for(pool, std::int8_t{-128}, std::int8_t{127}, [&](std::int8_t i) { sum += i; });
    EXPECT_EQ(sum.load(), -255);
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    std::atomic<int> calls{0};
    parallel_for(pool, most - 10, most, [&](std::uint64_t) { ++calls; });
    parallel_for(pool, 5, -5, [&](int) { ++calls; });
    EXPECT_EQ(calls.load(), 10);
}

TEST(ParallelFor, WorkersAndTheCallerTakePart) {
    ThreadPoolExecutor pool(1);
    std::atomic<int> arrived{0};
    parallel_for(pool, 0, 2, [&](int) {
        ++arrived;
        arrived.notify_all();
        for (int now = arrived; now < 2; now = arrived) {
            arrived.wait(now);
        }
    });
    EXPECT_EQ(arrived.load(), 2);
}

TEST(ParallelFor, TheFirstExceptionComesOutWhenAllHaveStopped) {
    ThreadPoolExecutor pool(3);
    for (int round = 0; round < 100; ++round) {
        std::atomic<int> inside{0};
        std::atomic<int> calls{0};
        const auto body = [&](int i) {
            ++inside;
            ++calls;
            if (i == 500) {
                --inside;
                throw std::length_error("at 500");
            }
            --inside;
        };
        EXPECT_THROW(parallel_for(pool, 0, 1'000, body, 1), std::length_error);
        EXPECT_EQ(inside.load(), 0);
        EXPECT_LE(calls.load(), 1'000);
    }
}

TEST(ParallelFor, MayBeNested) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> calls{0};
    parallel_for(
        pool, 0, 50,
        [&](int) {
            parallel_for(
                pool, 0, 50, [&](int) { ++calls; }, 1);
        },
        1);
    EXPECT_EQ(calls.load(), 2'500);
    pool.submit([&] { parallel_for(pool, 0, 100, [&](int) { ++calls; }); }).result();
    EXPECT_EQ(calls.load(), 2'600);
}

TEST(ParallelFor, LeavesTheRestWhenOneThrows) {
    ThreadPoolExecutor pool(1);
    int calls = 0; // made by the caller alone, because the only worker is busy
    Promise<> started;
    Promise<> release;
    const auto busy = pool.submit([&, gate = release.get_future()] {
        started.set_result();
        gate.result();
    });
    started.get_future().result();
    const auto body = [&](int i) {
        ++calls;
        if (i == 3) {
            throw std::length_error("at 3");
        }
    };
    EXPECT_THROW(parallel_for(pool, 0, 1'000, body, 1), std::length_error);
    EXPECT_EQ(calls, 4);
    release.set_result();
    busy.result();
}

TEST(ParallelReduce, CombinesInTheOrderOfTheIndices) {
    for (const std::size_t workers : {1, 2, 5}) {
        ThreadPoolExecutor pool(workers);
        for (const std::size_t grain : {0, 1, 3, 1'000}) {
            std::string expected;
            for (int i = 0; i < 500; ++i) {
                expected += std::to_string(i) + ",";
            }
            const std::string joined = parallel_reduce(
                pool, 0, 500, std::string(), [](int i) { return std::to_string(i) + ","; },
                [](std::string a, const std::string& b) { return std::move(a) + b; }, grain);
            EXPECT_EQ(joined, expected);
        }
    }
}

TEST(ParallelReduce, OfNothingIsTheIdentity) {
    ThreadPoolExecutor pool(1);
    const auto add = [](int a, int b) { return a + b; };
    EXPECT_EQ(parallel_reduce(
                  pool, 3, 3, 7, [](int i) { return i; }, add),
              7);
}

TEST(ParallelReduce, ThrowsWhatWasThrown) {
    ThreadPoolExecutor pool(2);
    for (int round = 0; round < 100; ++round) {
        const auto map = [](int i) { return i == 77 ? throw std::length_error("at 77") : i; };
        const auto add = [](long a, long b) { return a + b; };
        EXPECT_THROW(parallel_reduce(pool, 0, 1'000, 0L, map, add, 1), std::length_error);
    }
}
