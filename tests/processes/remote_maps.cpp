// `map` of every kind of RemoteExecutor.

#include <chrono>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include <hocket/errors.hpp>

#include "support/remote_pool.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

class RemoteMaps : public EachRemotePool {};
INSTANTIATE_FOR_EACH_REMOTE_POOL(RemoteMaps);

} // namespace

TEST_P(RemoteMaps, MapsInOrderAChunkAtATime) {
    const auto pool = make(2);
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<std::size_t> progress;
    int expected = 0;
    for (const int square :
         pool->map([](int n) { return n * n; }, numbers,
                   {.chunksize = 100,
                   .progress = [&](std::size_t done, std::optional<std::size_t> total) {
                       EXPECT_EQ(total, 1000);
                       progress.push_back(done);
                   }})) {
        ASSERT_EQ(square, expected * expected);
        ++expected;
    }
    EXPECT_EQ(expected, 1000);
    EXPECT_EQ(progress.size(), 10U);
    const auto pointer = +[](int n) { return n + 1; };
    EXPECT_EQ(*pool->map(pointer, std::vector<int>{41}).begin(), 42);
}

TEST_P(RemoteMaps, AMapReadsNoMoreOfTheInputThanIsInFlight) {
    const auto pool = make(1);
    int read = 0;
    auto numbers =
        std::views::iota(0) | std::views::transform([&read](int x) { return ++read, x; });
    auto results =
        pool->map([](int x) { return 2 * x; }, numbers, {.chunksize = 2, .buffersize = 3});
    EXPECT_EQ(read, 6); // reading starts with the call
    auto it = results.begin();
    ++it;
    EXPECT_EQ(read, 6);
    ++it; // an element of the second chunk, so there is room for another chunk
    EXPECT_EQ(*it, 4);
    EXPECT_EQ(read, 8);
}

TEST_P(RemoteMaps, AMapTimesOutCountedFromTheCall) {
    const auto pool = make(1);
    auto results = pool->map(
        [](int) {
            for (;;) {
                ::pause();
            }
            return 0;
        },
        std::vector{1}, {.timeout = std::chrono::milliseconds(20)});
    EXPECT_THROW(results.begin(), TimeoutError); // the running call is ended, too
}

TEST_P(RemoteMaps, AnExceptionInAMapComesWhenItsElementIsReached) {
    const auto pool = make(1);
    auto results = pool->map(
        [](int n) {
            if (n == 2) {
                throw std::invalid_argument("two");
            }
            return n;
        },
        std::vector<int>{0, 1, 2, 3}, {.chunksize = 4});
    std::vector<int> seen;
    EXPECT_THROW(
        {
            for (const int n : results) {
                seen.push_back(n);
            }
        },
        std::invalid_argument);
    EXPECT_EQ(seen, (std::vector<int>{0, 1}));
}

TEST_P(RemoteMaps, MapsEnumerationsDurationsAndFunctionsThatReturnNothing) {
    const auto pool = make(1);
    const std::vector<StartMethod> methods{StartMethod::fork, StartMethod::spawn};
    std::vector<StartMethod> same;
    for (const StartMethod method : pool->map([](StartMethod each) { return each; }, methods)) {
        same.push_back(method);
    }
    EXPECT_EQ(same, methods);
    const std::vector<std::chrono::seconds> times{1s, 2s};
    std::vector<std::chrono::seconds> twice;
    for (const auto time : pool->map([](std::chrono::seconds each) { return 2 * each; }, times)) {
        twice.push_back(time);
    }
    EXPECT_EQ(twice, (std::vector<std::chrono::seconds>{2s, 4s}));
    int calls = 0;
    for ([[maybe_unused]] const auto& nothing : pool->map([](std::chrono::seconds) {}, times)) {
        ++calls;
    }
    EXPECT_EQ(calls, 2);
}
