// A process pool whose workers share no memory with it: they get their calls over a socket.
// test_remote_pools has the tests that hold for other executors, too.

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/shared_array.hpp>

#include "support/message_of.hpp"
#include "support/start_methods.hpp"
#include "support/stream_pool.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

int process_id() { return ::getpid(); }

int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

TEST(StreamWorkers, CallAFunctionOfALibrary) {
    StreamPool pool(1);
    const int worker = pool.submit(process_id).result();
    EXPECT_EQ(pool.submit(&::getpid).result(), worker);
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

} // namespace
