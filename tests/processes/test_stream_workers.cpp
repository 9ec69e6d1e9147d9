// A process pool whose workers share no memory with it: they get their calls over a socket.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>

#include "support/start_methods.hpp"
#include "support/stream_pool.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

int process_id() { return ::getpid(); }

int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

int initialised = 0;

template <class F> std::string message_of(F wait) {
    try {
        wait();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no exception";
}

TEST(StreamWorkers, CallAFunctionInAnotherProcess) {
    StreamPool pool(1);
    EXPECT_EQ(pool.submit(add, 20, 22).result(), 42);
    EXPECT_NE(pool.submit(process_id).result(), ::getpid());
}

TEST(StreamWorkers, CallAFunctionOfALibrary) {
    StreamPool pool(1);
    const int worker = pool.submit(process_id).result();
    EXPECT_EQ(pool.submit(&::getpid).result(), worker);
}

TEST(StreamWorkers, AreAwaitedByTasks) {
    StreamPool pool(2);
    const auto sum = [&pool]() -> Coro<int> {
        auto first = pool.submit(add, 1, 2);
        auto second = pool.submit(add, 3, 4);
        const int a = co_await std::move(first);
        const int b = co_await std::move(second);
        co_return a + b;
    };
    EXPECT_EQ(run(sum), 10);
}

TEST(StreamWorkers, ReturnExceptionsWithTheirType) {
    StreamPool pool(1);
    const auto failing = pool.submit(
        [](const std::string& why) -> int { throw std::out_of_range(why); }, "the shelf is empty");
    EXPECT_EQ(message_of([&] { failing.result(); }), "the shelf is empty");
    EXPECT_THROW(failing.result(), std::out_of_range);
}

TEST(StreamWorkers, ReturnEachCallsOwnResult) {
    StreamPool pool(2);
    std::vector<Future<int>> results;
    for (int i = 0; i < 3000; ++i) {
        results.push_back(pool.submit(add, i, i));
    }
    for (int i = 0; i < 3000; ++i) {
        ASSERT_EQ(results[static_cast<std::size_t>(i)].result(), 2 * i);
    }
}

TEST(StreamWorkers, CarryLargeArgumentsAndResults) {
    const std::size_t size = std::size_t{sanitized ? 20U : 100U} << 20;
    StreamPool pool(1);
    std::string large(size, 'a');
    std::iota(large.begin(), large.end(), '\0');
    const auto reversed = pool.submit(
        [](std::string text) {
            std::ranges::reverse(text);
            return text;
        },
        large);
    std::ranges::reverse(large);
    EXPECT_TRUE(reversed.result() == large);
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2) << "the stream is still in step";
}

TEST(StreamWorkers, SeveralLargeCallsWaitForEachOther) {
    auto options = detail::stream_options();
    options.most_bytes_ahead = std::size_t{1} << 20;
    StreamPool pool(2, options);
    const auto size = [](const std::string& text) { return text.size(); };
    std::vector<Future<std::size_t>> sizes;
    for (int i = 0; i < 20; ++i) {
        sizes.push_back(pool.submit(size, std::string(std::size_t{4} << 20, 'x')));
    }
    for (const auto& each : sizes) {
        EXPECT_EQ(each.result(), std::size_t{4} << 20);
    }
}

TEST(StreamWorkers, RefuseWhatIsLargerThanAFrameMayBe) {
    auto options = detail::stream_options();
    options.longest_body = std::size_t{1} << 20;
    StreamPool pool(1, options);
    const auto size = [](const std::string& text) { return text.size(); };
    EXPECT_EQ(message_of([&] { pool.submit(size, std::string(2'000'000, 'x')).result(); }),
              "the arguments of the call have 2000009 bytes; a worker behind a stream takes at "
              "most 1048560");
    EXPECT_EQ(pool.submit(size, std::string(1'000'000, 'x')).result(), 1'000'000U);
}

TEST(StreamWorkers, RefuseSharedMemory) {
    StreamPool pool(1);
    const SharedArray<int> array(10);
    const auto first = [](const SharedArray<int>& numbers) { return numbers[0]; };
    EXPECT_THAT(message_of([&] { pool.submit(first, array).result(); }),
                testing::HasSubstr("shared memory, pipes and locks cannot be passed"));
    const auto make = [] { return SharedArray<int>(10); };
    EXPECT_THAT(message_of([&] { pool.submit(make).result(); }),
                testing::HasSubstr("the result of the call shares memory"));
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST(StreamWorkers, ACallMayRunForLongerThanAWorkerMayBeSilent) {
    auto options = detail::stream_options();
    options.silence_limit = thread_sanitized ? 2'000'000'000 : 400'000'000;
    StreamPool pool(1, options);
    EXPECT_EQ(pool.submit(sleep_for, thread_sanitized ? 4000 : 1000).result(),
              thread_sanitized ? 4000 : 1000);
}

TEST(StreamWorkers, TheMoreUrgentCallStartsFirst) {
    const TemporaryFolder folder;
    const std::string log = folder.path() / "log";
    const auto note = [](const std::string& path, const std::string& what) {
        std::ofstream(path, std::ios::app) << what;
    };
    StreamPool pool(1);
    std::vector<Future<void>> notes;
    const auto first = pool.submit(sleep_for, 200);
    notes.push_back(pool.submit_with({.priority = 0}, note, log, "c"));
    notes.push_back(pool.submit_with({.priority = 2}, note, log, "a"));
    notes.push_back(pool.submit_with({.priority = 1}, note, log, "b"));
    for (const auto& each : notes) {
        each.result();
    }
    std::string order;
    std::ifstream(log) >> order;
    EXPECT_EQ(order, "abc");
}

TEST(StreamWorkers, ASlowCallDoesNotKeepTheOthersWhenAnotherWorkerIsIdle) {
    StreamPool pool(2);
    for (int i = 0; i < 200; ++i) { // many short calls: they are sent many at a time
        pool.submit(add, i, 0).result();
    }
    std::vector<Future<int>> calls;
    const auto began = std::chrono::steady_clock::now();
    const auto slow = pool.submit(sleep_for, 5'000);
    for (int i = 0; i < 100; ++i) {
        calls.push_back(pool.submit(add, i, 0));
    }
    for (const auto& call : calls) {
        call.result();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
    EXPECT_FALSE(slow.done());
}

TEST(StreamWorkers, TheInitializerRunsFirstInEachWorker) {
    StreamPool pool(2, detail::stream_options(), [] { return detail::start_stream_worker(); },
                    {.initializer = [] { initialised = 7; }});
    std::vector<Future<int>> values;
    for (int i = 0; i < 10; ++i) {
        values.push_back(pool.submit([] { return initialised; }));
    }
    for (const auto& value : values) {
        EXPECT_EQ(value.result(), 7);
    }
    EXPECT_EQ(initialised, 0);
}

TEST(StreamWorkers, AnInitializerThatThrowsBreaksThePool) {
    StreamPool pool(1, detail::stream_options(), [] { return detail::start_stream_worker(); },
                    {.initializer = [] { throw std::runtime_error("no database"); }});
    const std::string why = message_of([&] { pool.submit(add, 1, 1).result(); });
    EXPECT_THAT(why, testing::HasSubstr("its initializer threw: no database"));
    EXPECT_THROW(pool.submit(add, 1, 1).result(), BrokenExecutor);
}

TEST(StreamWorkers, AreReplacedAfterSoManyCalls) {
    StreamPool pool(1, detail::stream_options(), [] { return detail::start_stream_worker(); },
                    {.max_tasks_per_child = 2});
    std::vector<int> processes;
    for (int i = 0; i < 4; ++i) {
        processes.push_back(pool.submit(process_id).result());
    }
    EXPECT_EQ(processes[0], processes[1]);
    EXPECT_NE(processes[1], processes[2]);
    EXPECT_EQ(processes[2], processes[3]);
}

} // namespace
