// What only a ProcessPoolExecutor does; test_remote_pools has the tests that hold for other
// executors, too.

#include <hocket/process_pool_executor.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/sleep.hpp>

#include "support/start_methods.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

class ProcessPool : public EachStartMethod {};
INSTANTIATE_FOR_EACH_START_METHOD(ProcessPool);

} // namespace

TEST_P(ProcessPool, HandsOnWhatWorkersPrintLineByLine) {
    std::vector<std::string> lines;
    {
        ProcessPoolExecutor pool(
            1, {.start_method = GetParam(),
                .on_output = [&](int worker, bool is_error, std::string_view line) {
                    lines.push_back((is_error ? "err " : "out ") + std::to_string(worker) + " " +
                                    std::string(line));
                }});
        pool.submit([] {
                std::printf("one\ntwo");
                std::fflush(stdout);
                ::usleep(1000);
                std::printf(" three\n");
            })
            .result();
        pool.submit([] { std::cerr << "careful" << std::endl; }).result();
    }
    std::ranges::sort(lines);
    EXPECT_EQ(lines, (std::vector<std::string>{"err 1 careful", "out 1 one", "out 1 two three"}));
}

TEST_P(ProcessPool, CtrlCEndsTheProgramAndItsWorkersOnce) {
    const auto main = []() -> Coro<> {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        const auto first = pool.submit([] { ::pause(); });
        const auto second = pool.submit([] { ::pause(); });
        while (!first.running() || !second.running()) {
            co_await sleep(1ms);
        }
        ::kill(::getpid(), SIGINT);
        co_await gather(first, second);
    };
    EXPECT_THROW(run(main), KeyboardInterrupt);
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(ProcessPool, SharedMemoryCrossesWithoutACopy) {
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    const SharedArray<int> numbers(1000);
    const SharedValue<int> calls(0);
    std::vector<Future<void>> done;
    for (int i = 0; i < 1000; ++i) {
        done.push_back(pool.submit(
            [](SharedArray<int> array, SharedValue<int> count, int index) {
                array[static_cast<std::size_t>(index)] = index;
                count.fetch_add(1);
            },
            numbers, calls, i));
    }
    for (const auto& future : done) {
        future.result();
    }
    EXPECT_EQ(calls.load(), 1000);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
    }
    const auto made = pool.submit([] { return SharedArray<int>(3, 7); }).result();
    EXPECT_EQ(made[2], 7);
}
