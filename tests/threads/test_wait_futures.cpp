#include <atomic>
#include <chrono>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/process_pool_executor.hpp>
#include <hocket/thread_pool_executor.hpp>
#include <hocket/wait_futures.hpp>

using namespace hocket;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

static_assert(std::ranges::input_range<CompletedFutures<int>>);

namespace {

template <class Range> std::vector<int> results(Range&& futures) {
    std::vector<int> values;
    for (const auto& future : futures) {
        values.push_back(future.result());
    }
    return values;
}

} // namespace

TEST(WaitForFutures, WaitsForFuturesOfPoolsAndPromises) {
    ThreadPoolExecutor pool(2);
    Promise<int> promise;
    std::vector futures{pool.submit([] { return 1; }), promise.get_future(),
                        pool.submit([] { return 3; })};
    std::thread maker([&] { promise.set_result(2); });
    const auto ended = wait(futures);
    maker.join();
    EXPECT_THAT(results(ended.done), ElementsAre(1, 2, 3));
    EXPECT_TRUE(ended.not_done.empty());
}

TEST(WaitForFutures, ThoseOfThreadsAndProcessesAreOfOneKind) {
    ThreadPoolExecutor threads(1);
    ProcessPoolExecutor processes(1);
    Promise<int> promise;
    promise.set_result(1);
    std::vector futures{promise.get_future(), threads.submit([] { return 2; }),
                        processes.submit([] { return 3; })};
    EXPECT_THAT(results(wait(futures).done), ElementsAre(1, 2, 3));
    int sum = 0;
    for (auto& future : as_completed(futures)) {
        sum += future.result();
    }
    EXPECT_EQ(sum, 6);
}

TEST(WaitForFutures, ReturnsAtTheFirstThatIsDone) {
    Promise<int> first;
    Promise<int> second;
    const std::vector futures{first.get_future(), second.get_future()};
    std::thread maker([&] { second.set_result(2); });
    const auto ended = wait(futures, {.return_when = ReturnWhen::FIRST_COMPLETED});
    maker.join();
    EXPECT_THAT(results(ended.done), ElementsAre(2));
    EXPECT_EQ(ended.not_done.size(), 1U);
}

TEST(WaitForFutures, ReturnsAtTheFirstException) {
    Promise<int> fine;
    Promise<int> cancelled;
    Promise<int> failing;
    Promise<int> pending;
    const std::vector futures{fine.get_future(), cancelled.get_future(), failing.get_future(),
                              pending.get_future()};
    fine.set_result(1);
    cancelled.get_future().cancel();
    std::thread maker([&] { failing.set_exception(std::runtime_error("no")); });
    const auto ended = wait(futures, {.return_when = ReturnWhen::FIRST_EXCEPTION});
    maker.join();
    EXPECT_EQ(ended.done.size(), 3U);
    EXPECT_EQ(ended.not_done.size(), 1U);
}

TEST(WaitForFutures, ATimeoutIsNotAnError) {
    Promise<int> promise;
    const auto ended = wait(std::vector{promise.get_future()}, {.timeout = 1ms});
    EXPECT_TRUE(ended.done.empty());
    EXPECT_EQ(ended.not_done.size(), 1U);
}

TEST(WaitForFutures, ThereMayBeNone) {
    const auto ended = wait(std::vector<Future<int>>());
    EXPECT_TRUE(ended.done.empty() && ended.not_done.empty());
    for ([[maybe_unused]] const auto& future : as_completed(std::vector<Future<int>>())) {
        ADD_FAILURE();
    }
}

TEST(WaitForFutures, AWorkerDoesWhatItWaitsFor) {
    ThreadPoolExecutor pool(1);
    const auto outer = pool.submit([&pool] {
        std::vector<Future<int>> inner;
        for (int i = 0; i < 10; ++i) {
            inner.push_back(pool.submit([i] { return i; }));
        }
        int sum = 0;
        for (const auto& future : as_completed(inner)) {
            sum += future.result();
        }
        return sum + static_cast<int>(wait(inner).done.size());
    });
    EXPECT_EQ(outer.result(), 55);
}

TEST(AsCompleted, YieldsFuturesAsTheyAreDone) {
    std::vector<Promise<int>> promises(3);
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) {
        futures.push_back(promise.get_future());
    }
    promises[2].set_result(2);
    std::vector<int> order;
    int next = 0;
    for (const auto& future : as_completed(futures)) {
        order.push_back(future.result());
        if (next < 2) {
            promises[next].set_result(next);
            ++next;
        }
    }
    EXPECT_THAT(order, ElementsAre(2, 0, 1));
}

TEST(AsCompleted, YieldsAFutureOnce) {
    Promise<int> promise;
    promise.set_result(1);
    EXPECT_THAT(results(as_completed(std::vector{promise.get_future(), promise.get_future()})),
                ElementsAre(1));
}

TEST(AsCompleted, TimesOut) {
    Promise<int> done;
    Promise<int> pending;
    done.set_result(1);
    auto completed = as_completed(std::vector{pending.get_future(), done.get_future()}, 1ms);
    auto it = completed.begin();
    EXPECT_EQ((*it).result(), 1);
    EXPECT_THROW(++it, TimeoutError);
}

TEST(AsCompleted, DroppingTheRangeLeavesTheFutures) {
    Promise<int> promise;
    const auto future = promise.get_future();
    { auto completed = as_completed(std::vector{future}); }
    EXPECT_FALSE(future.cancelled());
    promise.set_result(1);
    EXPECT_EQ(future.result(), 1);
}

TEST(AsCompleted, CompletionRacesWithTheEndOfTheWait) {
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 1'000; ++i) {
        const std::vector futures{pool.submit([] { return 1; }), pool.submit([] { return 2; }),
                                  pool.submit([] { return 3; })};
        EXPECT_GE(wait(futures, {.return_when = ReturnWhen::FIRST_COMPLETED}).done.size(), 1U);
        auto completed = as_completed(futures);
        EXPECT_GE((*completed.begin()).result(), 1);
    }
}
