#include <atomic>
#include <chrono>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/thread_pool_executor.hpp>
#include <numeric>

using namespace hocket;
using namespace std::chrono_literals;
using testing::ElementsAre;

static_assert(std::ranges::input_range<MapResults<int>>);

namespace {

const auto twice = [](int x) { return 2 * x; };

template <class Results> auto all(Results&& results) {
    std::vector<typename std::remove_cvref_t<Results>::value_type> values;
    for (auto& value : results) {
        values.push_back(std::move(value));
    }
    return values;
}

TEST(Map, DeliversWhatWasComputedWhenThePoolIsShutDownInTheMiddle) {
    std::vector<int> numbers(100);
    std::iota(numbers.begin(), numbers.end(), 0);
    ThreadPoolExecutor pool(2);
    auto results = pool.map([](int n) { return n; }, numbers, {.buffersize = 4});
    auto result = results.begin();
    std::vector<int> got{*result};
    pool.shutdown();
    try {
        for (++result; result != results.end(); ++result) {
            got.push_back(*result);
        }
        FAIL() << "everything was computed";
    } catch (const RuntimeError& error) {
        EXPECT_NE(std::string(error.what()).find("shutdown"), std::string::npos) << error.what();
    }
    // The results of what had been submitted before the shutdown, in order.
    EXPECT_GE(got.size(), 4U);
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i], static_cast<int>(i));
    }
}

} // namespace

TEST(Map, YieldsResultsInTheOrderOfTheInput) {
    ThreadPoolExecutor pool(3);
    const std::vector<int> input{1, 2, 3, 4, 5};
    EXPECT_THAT(all(pool.map(twice, input)), ElementsAre(2, 4, 6, 8, 10));
    EXPECT_THAT(all(pool.map(twice, input, {.chunksize = 2})), ElementsAre(2, 4, 6, 8, 10));
    EXPECT_THAT(all(pool.map(twice, input, {.chunksize = 5, .buffersize = 1})),
                ElementsAre(2, 4, 6, 8, 10));
    EXPECT_TRUE(all(pool.map(twice, std::vector<int>())).empty());
}

TEST(Map, CarriesWhatCanOnlyBeMoved) {
    ThreadPoolExecutor pool(2);
    std::vector<std::string> words{"a", "bb"};
    auto lengths = all(pool.map(
        [](const std::string& word) { return std::make_unique<int>(word.size()); }, words));
    EXPECT_EQ(*lengths.at(1), 2);
    std::atomic<int> calls{0};
    EXPECT_EQ(all(pool.map([&calls](bool yes) { calls += yes ? 1 : 0; },
                           std::vector<bool>{true, false, true}))
                  .size(),
              3U);
    EXPECT_EQ(calls.load(), 2);
}

TEST(Map, ReadsNoMoreOfTheInputThanIsInFlight) {
    ThreadPoolExecutor pool(2);
    int read = 0;
    auto numbers =
        std::views::iota(0) | std::views::transform([&read](int x) { return ++read, x; });
    auto results = pool.map(twice, numbers, {.chunksize = 2, .buffersize = 3});
    EXPECT_EQ(read, 6); // reading starts with the call
    auto it = results.begin();
    EXPECT_EQ(*it, 0);
    EXPECT_EQ(read, 6);
    ++it;
    EXPECT_EQ(read, 6);
    ++it; // an element of the second chunk, so there is room for another chunk
    EXPECT_EQ(*it, 4);
    EXPECT_EQ(read, 8);
}

TEST(Map, AnExceptionIsThrownWhenItsElementIsReached) {
    ThreadPoolExecutor pool(2);
    const auto fail_at_two = [](int x) { return x == 2 ? throw std::length_error("two") : x; };
    for (const std::size_t chunksize : {1, 2, 3, 4}) {
        auto results = pool.map(fail_at_two, std::vector{0, 1, 2, 3}, {.chunksize = chunksize});
        auto it = results.begin();
        EXPECT_EQ(*it, 0);
        ++it;
        EXPECT_EQ(*it, 1);
        EXPECT_THROW(++it, std::length_error) << chunksize;
        EXPECT_TRUE(results.begin() == results.end()); // there are no further elements
    }
}

TEST(Map, AnExceptionOfTheInputComesOut) {
    ThreadPoolExecutor pool(2);
    auto broken = std::views::iota(0) | std::views::transform([](int x) {
                      return x == 3 ? throw std::length_error("input") : x;
                  });
    auto results = pool.map(twice, broken, {.buffersize = 1});
    auto it = results.begin();
    ++it;
    ++it;
    EXPECT_THROW(++it, std::length_error);
    EXPECT_THROW(static_cast<void>(pool.map(twice, broken, {.buffersize = 9})), std::length_error);
}

TEST(Map, TimesOutCountedFromTheCall) {
    ThreadPoolExecutor pool(1);
    Promise<> release;
    const auto gate = release.get_future();
    const auto wait = [gate](int) { gate.result(); };
    auto results = pool.map(wait, std::vector{1, 2}, {.timeout = 1ms});
    EXPECT_THROW(results.begin(), TimeoutError);
    EXPECT_TRUE(results.begin() == results.end());
    const auto awaiting = [&]() -> Coro<> {
        auto awaited = pool.map(wait, std::vector{1, 2}, {.timeout = 1ms});
        EXPECT_THROW(co_await awaited.next(), TimeoutError);
        EXPECT_FALSE(co_await awaited.next());
    };
    run(awaiting);
    release.set_result();
}

TEST(Map, DroppingTheResultsCancelsWhatHasNotStarted) {
    ThreadPoolExecutor pool(1);
    std::atomic<int> calls{0};
    Promise<> started;
    Promise<> release;
    {
        auto results = pool.map(
            [&, gate = release.get_future()](int x) {
                ++calls;
                if (x == 0) {
                    started.set_result();
                    gate.result();
                }
            },
            std::views::iota(0), {.buffersize = 8});
        started.get_future().result();
    }
    release.set_result();
    pool.shutdown();
    EXPECT_EQ(calls.load(), 1);
}

TEST(Map, IsConsumedByACoroutine) {
    const auto main = []() -> Coro<int> {
        ThreadPoolExecutor pool(2);
        int sum = 0;
        auto results = pool.map(twice, std::views::iota(0, 100), {.timeout = 1h, .chunksize = 7});
        while (auto value = co_await results.next()) {
            sum += *value;
        }
        EXPECT_FALSE(co_await results.next());
        co_return sum;
    };
    EXPECT_EQ(run(main), 9'900);
}

TEST(Map, CancellingTheConsumerCancelsTheRest) {
    const auto main = []() -> Coro<> {
        ThreadPoolExecutor pool(1);
        Promise<> release;
        Promise<> started;
        std::atomic<int> calls{0};
        const auto consume = [&]() -> Coro<> {
            auto results = pool.map(
                [&, gate = release.get_future()](int) {
                    if (++calls == 1) {
                        started.set_result();
                        gate.result();
                    }
                },
                std::views::iota(0, 4));
            while (co_await results.next()) {
            }
        };
        auto task = create_task(consume);
        co_await started.get_future();
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
        release.set_result();
        pool.shutdown();
        EXPECT_EQ(calls.load(), 1);
    };
    run(main);
}

TEST(Map, RefersToANamedInputAndKeepsATemporary) {
    ThreadPoolExecutor pool(2);
    struct Numbers { // cannot be copied
        explicit Numbers(std::vector<int> given) : numbers(std::move(given)) {}
        Numbers(Numbers&&) = default;
        [[nodiscard]] auto begin() const { return numbers.begin(); }
        [[nodiscard]] auto end() const { return numbers.end(); }
        std::vector<int> numbers;
    };
    const Numbers kept({1, 2, 3});
    EXPECT_THAT(all(pool.map(twice, kept)), ElementsAre(2, 4, 6));
    auto results = pool.map(twice, Numbers({4, 5, 6}), {.buffersize = 1});
    EXPECT_THAT(all(results), ElementsAre(8, 10, 12));
}

TEST(Map, TellsItsProgress) {
    ThreadPoolExecutor pool(2);
    std::vector<std::size_t> seen;
    all(pool.map(
        twice, std::vector{1, 2, 3, 4, 5},
        {.chunksize = 2, .progress = [&](std::size_t done, std::optional<std::size_t> total) {
             seen.push_back(done);
             EXPECT_EQ(total, 5U);
         }}));
    EXPECT_THAT(seen, ElementsAre(2, 4, 5));
    const auto unsized = std::views::iota(0) | std::views::take_while([](int x) { return x < 1; });
    all(pool.map(twice, unsized, {.progress = [](std::size_t, std::optional<std::size_t> total) {
                     EXPECT_FALSE(total);
                 }}));
}

TEST(Map, MayBeNestedInItsOwnPool) {
    ThreadPoolExecutor pool(1);
    const auto row = [&pool](int n) {
        int sum = 0;
        for (const int value : pool.map(twice, std::views::iota(0, n))) {
            sum += value;
        }
        return sum;
    };
    EXPECT_THAT(all(pool.map(row, std::vector{1, 2, 3})), ElementsAre(0, 2, 6));
}

TEST(Map, RefusesEmptyChunks) {
    ThreadPoolExecutor pool(1);
    EXPECT_THROW(static_cast<void>(pool.map(twice, std::vector{1}, {.chunksize = 0})), ValueError);
}
