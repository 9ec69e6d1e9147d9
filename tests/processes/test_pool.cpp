#include <hocket/pool.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <list>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/process_event.hpp>
#include <hocket/run.hpp>

#include "support/open_descriptors.hpp"
#include "support/start_methods.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

namespace {

int square(int x) { return x * x; }
int area(int width, int height) { return width * height; }

std::vector<int> one_to(int last) {
    std::vector<int> numbers(static_cast<std::size_t>(last));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

int fail_at_three(int x) {
    if (x == 3) {
        throw std::out_of_range("three");
    }
    return x;
}

int process_id(int) { return ::getpid(); }

class PoolByEachMethod : public EachStartMethod {};
INSTANTIATE_FOR_EACH_START_METHOD(PoolByEachMethod);

// The sizes of the chunks, the largest first.
std::vector<std::size_t> chunk_sizes(Pool& pool, std::size_t items, std::size_t chunksize) {
    std::vector<std::size_t> sizes;
    std::size_t before = 0;
    pool.map(square, std::vector<int>(items), chunksize, [&](std::size_t done, std::size_t) {
        sizes.push_back(done - before);
        before = done;
    });
    std::ranges::sort(sizes, std::greater());
    return sizes;
}

} // namespace

TEST_P(PoolByEachMethod, AppliesAFunction) {
    Pool pool(1, {.start_method = GetParam()});
    EXPECT_EQ(pool.apply(square, 7), 49);
    EXPECT_EQ(pool.apply([](const std::string& word) { return word + "!"; }, "hey"), "hey!");
    EXPECT_EQ(pool.apply_async(area, 6, 7).result(), 42);
}

TEST_P(PoolByEachMethod, MapsAFunctionOverARangeInItsOrder) {
    Pool pool(2, {.start_method = GetParam()});
    std::vector<int> expected;
    std::ranges::transform(one_to(1000), std::back_inserter(expected), square);
    EXPECT_EQ(pool.map(square, one_to(1000)), expected);
    EXPECT_EQ(pool.map([](int x) { return x * x; }, std::views::iota(1, 1001)), expected);
    const auto numbers = one_to(1000);
    const std::list<int> list(numbers.begin(), numbers.end());
    EXPECT_EQ(pool.map(square, list, 7), expected);
}

TEST(Pool, MapsARangeThatCanBeReadOnce) {
    Pool pool(1);
    std::istringstream words("3 4 5");
    EXPECT_THAT(pool.map(square, std::views::istream<int>(words)), ElementsAre(9, 16, 25));
}

TEST(Pool, MapsNothingToNothing) {
    Pool pool(1);
    EXPECT_TRUE(pool.map(square, std::vector<int>()).empty());
    EXPECT_FALSE(pool.imap(square, std::vector<int>()).next());
}

TEST(Pool, MapsAFunctionThatReturnsNothing) {
    Pool pool(1);
    pool.map([](int) {}, one_to(10));
    EXPECT_THROW(pool.map([](int) { throw std::out_of_range("out"); }, one_to(3)),
                 std::out_of_range);
}

TEST(Pool, MapsWords) {
    Pool pool(1);
    const char* const words[] = {"a", "bcd"};
    EXPECT_THAT(pool.map([](const std::string& word) { return word.size(); }, words),
                ElementsAre(1, 3));
}

TEST(Pool, StarmapUnpacksTheItems) {
    Pool pool(2);
    EXPECT_THAT(pool.starmap(area, std::vector<std::tuple<int, int>>{{1, 2}, {3, 4}}),
                ElementsAre(2, 12));
    EXPECT_THAT(pool.starmap([](const std::string& word, int times) { return word.size() * times; },
                             std::vector<std::pair<std::string, int>>{{"ab", 2}, {"c", 3}}),
                ElementsAre(4, 3));
}

TEST(Pool, CutsFourChunksForEachWorkerUnlessToldOtherwise) {
    Pool pool(2);
    EXPECT_THAT(chunk_sizes(pool, 16, 0), ElementsAre(2, 2, 2, 2, 2, 2, 2, 2));
    EXPECT_THAT(chunk_sizes(pool, 17, 0), ElementsAre(3, 3, 3, 3, 3, 2));
    EXPECT_THAT(chunk_sizes(pool, 3, 0), ElementsAre(1, 1, 1));
    EXPECT_THAT(chunk_sizes(pool, 10, 4), ElementsAre(4, 4, 2));
}

TEST(Pool, MapReportsProgressUpToTheEnd) {
    Pool pool(2);
    std::vector<std::pair<std::size_t, std::size_t>> reports;
    pool.map(square, one_to(6), 2,
             [&](std::size_t done, std::size_t total) { reports.emplace_back(done, total); });
    EXPECT_THAT(reports, ElementsAre(std::pair(2, 6), std::pair(4, 6), std::pair(6, 6)));
}

TEST(Pool, MapThrowsWhatItsProgressCallbackThrows) {
    Pool pool(1);
    EXPECT_THROW(pool.map(square, one_to(3), 1,
                          [](std::size_t, std::size_t) { throw std::out_of_range("bar"); }),
                 std::out_of_range);
}

TEST(Pool, MapThrowsWhatTheFunctionThrew) {
    Pool pool(2);
    EXPECT_THROW(pool.map(fail_at_three, one_to(10), 1), std::out_of_range);
    EXPECT_EQ(pool.apply(square, 2), 4);
}

TEST_P(PoolByEachMethod, MapFailsWithTheWorkerThatDied) {
    Pool pool(1, {.start_method = GetParam()});
    const auto die_at_three = [](int x) { return x == 3 ? ::raise(SIGKILL) : x; };
    EXPECT_THROW(pool.map(die_at_three, one_to(10), 1), WorkerDied);
    EXPECT_EQ(pool.apply(square, 2), 4);
}

TEST(Pool, MapIsAwaitedByATask) {
    Pool pool(2);
    const auto main = [&]() -> Coro<std::vector<int>> {
        co_return co_await pool.map_async(square, one_to(3));
    };
    EXPECT_THAT(run(main), ElementsAre(1, 4, 9));
}

TEST_P(PoolByEachMethod, CancellingAMapCancelsItsChunks) {
    Pool pool(1, {.start_method = GetParam()});
    const auto mapped = pool.map_async([](int) { return ::pause(); }, one_to(5), 1);
    EXPECT_TRUE(mapped.cancel());
    EXPECT_THROW(mapped.result(), CancelledError);
    EXPECT_EQ(pool.apply(square, 2), 4);
}

TEST(Pool, AMapCanBeCancelledByItsProgressCallback) {
    Pool pool(1);
    std::promise<Future<std::vector<int>>> mapped;
    const auto cancel = [&, is_first = true](std::size_t, std::size_t) mutable {
        if (std::exchange(is_first, false)) {
            EXPECT_TRUE(mapped.get_future().get().cancel());
        }
    };
    const auto future = pool.map_async(square, one_to(50), 1, cancel);
    mapped.set_value(future);
    EXPECT_THROW(future.result(), CancelledError);
    EXPECT_EQ(pool.apply(square, 2), 4);
}

TEST(Pool, ImapGivesResultsInTheOrderOfTheItems) {
    Pool pool(2);
    std::vector<int> squares;
    for (const int result : pool.imap(square, one_to(100), 3)) {
        squares.push_back(result);
    }
    EXPECT_EQ(squares, pool.map(square, one_to(100)));
}

TEST(Pool, ImapReadsAnEndlessRangeOnlyAsFarAsNeeded) {
    Pool pool(2);
    auto squares = pool.imap(square, std::views::iota(1));
    EXPECT_EQ(squares.next(), 1);
    EXPECT_EQ(squares.next(), 4);
    EXPECT_EQ(squares.next(), 9);
}

TEST(Pool, ImapThrowsAnExceptionInItsPlaceAndGoesOn) {
    Pool pool(2);
    auto results = pool.imap(fail_at_three, one_to(4));
    EXPECT_EQ(results.next(), 1);
    EXPECT_EQ(results.next(), 2);
    EXPECT_THROW(results.next(), std::out_of_range);
    EXPECT_EQ(results.next(), 4);
    EXPECT_EQ(results.next(), std::nullopt);
}

TEST(Pool, ImapUnorderedGivesEachResultWhenItIsThere) {
    Pool pool(2);
    const ProcessEvent others_are_there;
    const auto wait_at_zero = [](const std::pair<int, ProcessEvent>& item) {
        if (item.first == 0) {
            item.second.wait();
        }
        return item.first;
    };
    std::vector<std::pair<int, ProcessEvent>> items;
    for (int i = 0; i < 4; ++i) {
        items.emplace_back(i, others_are_there);
    }
    auto results = pool.imap_unordered(wait_at_zero, items);
    const std::vector<int> first{*results.next(), *results.next(), *results.next()};
    EXPECT_THAT(first, UnorderedElementsAre(1, 2, 3));
    others_are_there.set();
    EXPECT_EQ(results.next(), 0);
    EXPECT_EQ(results.next(), std::nullopt);
}

TEST(Pool, ImapUnorderedGivesAllResults) {
    Pool pool(2);
    std::vector<int> squares;
    for (const int result : pool.imap_unordered(square, one_to(4))) {
        squares.push_back(result);
    }
    EXPECT_THAT(squares, UnorderedElementsAre(1, 4, 9, 16));
}

TEST_P(PoolByEachMethod, CloseLetsEverythingFinish) {
    Pool pool(1, {.start_method = GetParam()});
    const auto mapped = pool.map_async(square, one_to(100), 1);
    pool.close();
    EXPECT_THROW(pool.apply(square, 1), ValueError);
    EXPECT_THROW(pool.map(square, one_to(1)), ValueError);
    EXPECT_THROW(pool.imap(square, one_to(1)), ValueError);
    pool.join();
    EXPECT_TRUE(mapped.done());
    EXPECT_EQ(mapped.result().size(), 100U);
}

TEST_P(PoolByEachMethod, TerminateEndsWhatRuns) {
    Pool pool(1, {.start_method = GetParam()});
    const auto running = pool.apply_async([] { return ::pause(); });
    pool.terminate();
    pool.join();
    EXPECT_TRUE(running.done());
}

TEST(Pool, CannotBeJoinedWhileItRuns) {
    Pool pool(1);
    EXPECT_THROW(pool.join(), ValueError);
}

TEST_P(PoolByEachMethod, CallsTheInitializerInEachWorker) {
    Pool pool(
        1, {.start_method = GetParam(), .initializer = [] { ::setenv("HOCKET_TEST", "set", 1); }});
    EXPECT_EQ(pool.apply([] { return std::string(::getenv("HOCKET_TEST")); }), "set");
}

TEST_P(PoolByEachMethod, ReplacesWorkersAfterTheirTasks) {
    Pool pool(1, {.start_method = GetParam(), .maxtasksperchild = 2});
    const auto ids = pool.map(process_id, one_to(6), 1);
    for (const int id : ids) {
        EXPECT_LE(std::ranges::count(ids, id), 2);
    }
}

TEST_P(PoolByEachMethod, LeavesNoDescriptorAndNoChildBehind) {
    { Pool(1, {.start_method = GetParam()}).apply(square, 1); }
    const std::size_t before = open_descriptors();
    {
        Pool pool(2, {.start_method = GetParam()});
        pool.map(square, one_to(100));
        pool.apply_async([] { return ::pause(); });
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(no_worker_is_left());
}
