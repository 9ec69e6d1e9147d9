#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/event_loop.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>

#include "gpu/backend.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using gpu_test::Gate;

namespace {

class GpuStream : public gpu_test::GpuTest {};

TEST_F(GpuStream, CopiesThereAndBack) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> x(device(), 1000);
        std::vector<int> back(1000);
        stream.copy(numbers(1000), x);
        co_await stream.copy(x, back);
        EXPECT_EQ(back, numbers(1000));
    };
    run(main);
}

TEST_F(GpuStream, CopiesFromAndToPinnedMemory) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::HostBuffer<int> host(device(), 1000);
        gpu::HostBuffer<int> back(device(), 1000);
        gpu::Buffer<int> x(device(), 1000);
        gpu::Buffer<int> y(device(), 1000);
        EXPECT_EQ(host[999], 0);
        std::ranges::copy(numbers(1000), host.begin());
        stream.copy(host, x);
        stream.copy(x, y);
        co_await stream.copy(y, back);
        EXPECT_EQ(values(back), numbers(1000));
    };
    run(main);
}

TEST_F(GpuStream, ReadsIntoANewHostBuffer) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> x(device(), 5);
        stream.copy(numbers(5), x);
        const gpu::HostBuffer<int> read = co_await stream.read(x);
        EXPECT_EQ(values(read), numbers(5));
    };
    run(main);
}

TEST_F(GpuStream, CopiesAsMuchAsASmallerDestinationHolds) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 5);
    stream.copy(numbers(3, 10), x);
    stream.copy(numbers(2, 20), x);
    std::vector<int> three(3);
    stream.copy(x, three).wait();
    EXPECT_EQ(three, (std::vector{20, 21, 12}));
}

TEST_F(GpuStream, TheSourceOfACopyMayBeChangedAtOnce) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 1000);
    Gate gate(stream);
    {
        std::vector<int> source = numbers(1000);
        stream.copy(source, x);
        source.assign(1000, -1);
    }
    gate.open();
    EXPECT_EQ(values(stream.read(x).result()), numbers(1000));
}

TEST_F(GpuStream, RunsCommandsInOrder) {
    const auto main = []() -> Coro<> {
        const gpu::Kernel append_digit = kernel("append_digit");
        gpu::Stream stream(device());
        gpu::Buffer<std::uint32_t> x(device(), 1);
        stream.copy(std::vector<std::uint32_t>{1}, x);
        std::uint32_t expected = 1;
        for (std::uint32_t digit = 0; digit < 1000; ++digit) {
            stream.launch(append_digit, 1, x, digit % 7);
            expected = expected * 7 + digit % 7;
        }
        const auto read = co_await stream.read(x);
        EXPECT_EQ(read[0], expected);
    };
    run(main);
}

TEST_F(GpuStream, LaunchesAKernelWithTypedArguments) {
    const auto main = []() -> Coro<> {
        const int n = 10'000;
        gpu::Stream stream(device());
        gpu::Buffer<float> x(device(), n);
        gpu::Buffer<float> y(device(), n);
        stream.copy(std::vector<float>(n, 2.0F), x);
        stream.copy(std::vector<float>(n, 1.0F), y);
        co_await stream.launch(kernel("saxpy"), n, y, x, 3.0F, n);
        const auto read = co_await stream.read(y);
        EXPECT_EQ(values(read), std::vector<float>(n, 7.0F));
    };
    run(main);
}

TEST_F(GpuStream, LaunchesGroupsOfAChosenSize) {
    gpu::Stream stream(device());
    gpu::Buffer<int> total(device(), 1);
    stream.copy(std::vector{0}, total);
    stream.launch(kernel("count"), gpu::Grid(1024).in_groups_of(64), total, 1000);
    EXPECT_EQ(stream.read(total).result()[0], 1000);
}

TEST_F(GpuStream, TheLoopGoesOnWhileATaskAwaitsTheDevice) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const auto await_end = [&]() -> Coro<> { co_await stream.completed(); };
        auto waiter = create_task(await_end);
        for (int tick = 0; tick < 20; ++tick) {
            co_await sleep(1ms);
            EXPECT_FALSE(waiter.done());
        }
        gate.open();
        co_await waiter;
    };
    run(main);
}

TEST_F(GpuStream, AShortCommandDoesNotWaitForALongOneOfAnotherStream) {
    const auto main = []() -> Coro<> {
        gpu::Stream slow(device());
        gpu::Stream quick(device());
        Gate gate(slow);
        const auto await_slow = [&]() -> Coro<> { co_await slow.completed(); };
        auto waiter = create_task(await_slow);
        co_await sleep(1ms);
        co_await quick.launch(kernel("nothing"), 1);
        EXPECT_FALSE(waiter.done());
        gate.open();
        co_await waiter;
    };
    run(main);
}

TEST_F(GpuStream, ManyStreamsEndInAnyOrder) {
    const auto main = []() -> Coro<> {
        constexpr int count = 12; // more than there are threads that wait
        std::vector<gpu::Stream> streams;
        std::vector<std::unique_ptr<Gate>> gates;
        std::vector<Task<>> waiters;
        for (int i = 0; i < count; ++i) {
            streams.emplace_back(device());
            gates.push_back(std::make_unique<Gate>(streams.back()));
            waiters.push_back(create_task(streams.back().completed()));
            co_await sleep(0s);
        }
        for (int i = count; i-- > 0;) {
            for (int j = 0; j <= i; ++j) {
                EXPECT_FALSE(waiters[j].done());
            }
            gates[i]->open();
            co_await waiters[i];
        }
    };
    run(main);
}

TEST_F(GpuStream, AnEarlierCommandIsAwaitedAfterALaterOne) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate first_gate(stream);
        const gpu::Event first = stream.launch(kernel("nothing"), 1);
        Gate second_gate(stream);
        auto second_waiter = create_task(stream.completed());
        co_await sleep(1ms);
        auto first_waiter = create_task(first);
        co_await sleep(1ms);
        first_gate.open();
        co_await first_waiter;
        EXPECT_FALSE(second_waiter.done());
        second_gate.open();
        co_await second_waiter;
    };
    run(main);
}

TEST_F(GpuStream, AThousandStreamsAreGathered) {
    const auto main = []() -> Coro<> {
        const gpu::Kernel add = kernel("add");
        const auto one = [&](int i) -> Coro<int> {
            gpu::Stream stream(device());
            gpu::Buffer<int> x(device(), 1);
            stream.copy(std::vector{i}, x);
            stream.launch(add, 1, x, 1, 1000);
            const auto read = co_await stream.read(x);
            co_return read[0];
        };
        std::vector<Coro<int>> all;
        std::vector<int> expected;
        for (int i = 0; i < 1000; ++i) {
            all.push_back(one(i));
            expected.push_back(i + 1000);
        }
        const std::vector<int> results = co_await gather(std::move(all));
        EXPECT_EQ(results, expected);
    };
    run(main);
}

TEST_F(GpuStream, CommandsOfSeveralStreamsAreGathered) {
    const auto main = []() -> Coro<> {
        gpu::Stream a(device());
        gpu::Stream b(device());
        gpu::Buffer<int> x(device(), 3);
        gpu::Buffer<int> y(device(), 3);
        co_await gather(a.copy(numbers(3), x), b.copy(numbers(3, 5), y));
        auto [read_x, read_y] = co_await gather(a.read(x), b.read(y));
        EXPECT_EQ(values(read_x), numbers(3));
        EXPECT_EQ(values(read_y), numbers(3, 5));
    };
    run(main);
}

TEST_F(GpuStream, WaitsForAnEventOfAnotherStream) {
    gpu::Stream first(device());
    gpu::Stream second(device());
    gpu::Buffer<int> x(device(), 1);
    second.copy(std::vector{0}, x).wait();
    Gate gate(first);
    const gpu::Event written = first.copy(std::vector{5}, x);
    second.wait_for(written);
    const gpu::Event added = second.launch(kernel("add"), 1, x, 1, 2);
    EXPECT_THROW(added.wait(20ms), TimeoutError);
    EXPECT_FALSE(added.done());
    gate.open();
    EXPECT_EQ(second.read(x).result()[0], 7);
}

TEST_F(GpuStream, ANewStreamIsComplete) {
    gpu::Stream stream(device());
    stream.completed().wait();
    const auto main = [&]() -> Coro<> { co_await stream.completed(); };
    run(main);
}

TEST_F(GpuStream, AnEventIsAwaitedByTasksOfSeveralLoops) {
    gpu::Stream stream(device());
    Gate gate(stream);
    const gpu::Event end = stream.launch(kernel("nothing"), 1);
    std::atomic<int> woken = 0;
    const auto main = [&]() -> Coro<> {
        co_await end;
        co_await end; // may be awaited any number of times
        ++woken;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] { run(main); });
    }
    EXPECT_FALSE(end.done());
    gate.open();
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(woken, 3);
}

TEST_F(GpuStream, ThreadsWaitWithoutALoop) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 10);
    stream.copy(numbers(10), x).wait();
    stream.launch(kernel("add"), 10, x, 10, 5).wait(1min);
    std::vector<int> back(10);
    stream.copy(x, back).wait(1min);
    EXPECT_EQ(back, numbers(10, 5));
    EXPECT_EQ(values(stream.read(x).result(1min)), numbers(10, 5));
    stream.completed().future().result();
}

TEST_F(GpuStream, IsUsedBySeveralThreadsAtOnce) {
    const gpu::Kernel count = kernel("count");
    gpu::Stream stream(device());
    gpu::Buffer<int> total(device(), 1);
    stream.copy(std::vector{0}, total);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 50; ++j) {
                const gpu::Event event = stream.launch(count, 10, total, 10);
                if (j % 10 == 0) {
                    event.wait();
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(stream.read(total).result()[0], 4 * 50 * 10);
}

TEST_F(GpuStream, MovesKeepItsCommands) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 1);
    stream.copy(std::vector{3}, x);
    gpu::Stream other = std::move(stream);
    EXPECT_EQ(other.read(x).result()[0], 3);
    EXPECT_THROW(static_cast<void>(stream.completed()), InvalidStateError);
    stream = std::move(other);
    EXPECT_EQ(stream.read(x).result()[0], 3);
}

} // namespace
