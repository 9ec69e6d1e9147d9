#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>
#include <hocket/timeout.hpp>
#include <hocket/wait.hpp>

#include "gpu/backend.hpp"
#include "support/turns.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using gpu_test::Gate;

namespace {

class GpuCancellation : public gpu_test::GpuTest {
protected:
    /// Until the threads that wait for the device have let go of `memory`.
    static void await_end_of(const std::weak_ptr<detail::gpu::HostMemory>& memory) {
        while (!memory.expired()) {
            std::this_thread::yield();
        }
    }
};

TEST_F(GpuCancellation, EndsTheWaitAndNotTheWork) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> x(device(), 1);
        stream.copy(std::vector{1}, x);
        Gate gate(stream);
        auto task = create_task(stream.launch(kernel("add"), 1, x, 1, 1));
        co_await turns(2);
        EXPECT_TRUE(task.cancel());
        co_await turns(2);
        EXPECT_TRUE(task.cancelled());
        gate.open();
        const auto read = co_await stream.read(x);
        EXPECT_EQ(read[0], 2);
    };
    run(main);
}

TEST_F(GpuCancellation, ATimeoutEndsTheWait) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const gpu::Event end = stream.launch(kernel("nothing"), 1);
        bool timed_out = false;
        try {
            co_await wait_for(end, 5ms);
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_FALSE(end.done());
        gate.open();
        co_await end;
    };
    run(main);
}

TEST_F(GpuCancellation, MemoryLivesUntilTheDeviceIsDone) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> x(device(), 1000);
        Gate gate(stream);
        std::weak_ptr<detail::gpu::HostMemory> memory;
        const auto copy = [&]() -> Coro<> {
            gpu::HostBuffer<int> host(device(), 1000);
            memory = host.memory();
            std::ranges::copy(numbers(1000), host.begin());
            co_await stream.copy(host, x);
        };
        auto task = create_task(copy);
        co_await turns(2);
        task.cancel();
        co_await turns(2);
        EXPECT_TRUE(task.cancelled());
        EXPECT_FALSE(memory.expired()) << "the coroutine's HostBuffer is gone, its memory is used";
        gate.open();
        const auto read = co_await stream.read(x);
        EXPECT_EQ(values(read), numbers(1000));
        await_end_of(memory);
    };
    run(main);
}

TEST_F(GpuCancellation, ACancelledCopyDoesNotWriteToTheCallersMemory) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> x(device(), 1000);
        stream.copy(numbers(1000), x);
        Gate gate(stream);
        std::vector<int> back(1000, -1);
        const auto copy = [&]() -> Coro<> { co_await stream.copy(x, back); };
        auto task = create_task(copy);
        co_await turns(2);
        task.cancel();
        co_await turns(2);
        gate.open();
        co_await stream.completed();
        EXPECT_EQ(back, std::vector<int>(1000, -1));
    };
    run(main);
}

TEST_F(GpuCancellation, MayFollowTheCompletionInTheSameTurn) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const gpu::Event end = stream.launch(kernel("nothing"), 1);
        auto task = create_task(end);
        co_await turns(2);
        gate.open();
        end.future().result(); // completes it, so that the task is about to run
        EXPECT_TRUE(task.cancel());
        co_await turns(3);
        EXPECT_TRUE(task.cancelled());
    };
    run(main);
}

TEST_F(GpuCancellation, MayPrecedeTheCompletionInTheSameTurn) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const gpu::Event end = stream.launch(kernel("nothing"), 1);
        auto task = create_task(end);
        co_await turns(2);
        EXPECT_TRUE(task.cancel());
        gate.open();
        end.future().result();
        co_await turns(3);
        EXPECT_TRUE(task.cancelled());
        co_await end; // others are not affected
    };
    run(main);
}

TEST_F(GpuCancellation, OfManyTasksWhileTheDeviceCompletesTheirCommands) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        gpu::Buffer<int> total(device(), 1);
        stream.copy(std::vector{0}, total);
        const gpu::Kernel count = kernel("count");
        int ended = 0;
        for (int round = 0; round < 200; ++round) {
            auto task = create_task(stream.launch(count, 1, total, 1));
            co_await turns(round % 5);
            task.cancel();
            const std::vector tasks(1, task);
            co_await wait(tasks);
            ended += task.done() ? 1 : 0;
        }
        EXPECT_EQ(ended, 200);
        const auto read = co_await stream.read(total);
        EXPECT_EQ(read[0], 200);
    };
    run(main);
}

TEST_F(GpuCancellation, DoesNotAffectOtherTasksThatAwaitTheSameEvent) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const gpu::Event end = stream.launch(kernel("nothing"), 1);
        auto first = create_task(end);
        auto second = create_task(end);
        co_await turns(2);
        first.cancel();
        co_await turns(2);
        EXPECT_TRUE(first.cancelled());
        EXPECT_FALSE(second.done());
        EXPECT_FALSE(end.future().cancel());
        gate.open();
        co_await second;
    };
    run(main);
}

TEST_F(GpuCancellation, AStreamMayBeDestroyedWhileItsCommandsRun) {
    std::weak_ptr<detail::gpu::HostMemory> memory;
    std::optional<gpu::Event> end;
    gpu::Buffer<int> x(device(), 1000);
    {
        std::unique_ptr<Gate> gate;
        {
            gpu::Stream stream(device());
            gate = std::make_unique<Gate>(stream);
            gpu::HostBuffer<int> host(device(), 1000);
            gpu::Buffer<int> dropped(device(), 1000);
            memory = host.memory();
            std::ranges::copy(numbers(1000), host.begin());
            stream.copy(host, dropped);
            end = stream.copy(dropped, x);
        }
        EXPECT_FALSE(memory.expired());
        EXPECT_FALSE(end->done());
    }
    end->wait();
    await_end_of(memory);
    gpu::Stream other(device());
    EXPECT_EQ(values(other.read(x).result()), numbers(1000));
}

TEST_F(GpuCancellation, ALoopMayCloseWhileATaskAwaitsTheDevice) {
    gpu::Stream stream(device());
    Gate gate(stream);
    const gpu::Event end = stream.launch(kernel("nothing"), 1);
    const auto main = [&]() -> Coro<> {
        const auto await_end = [&]() -> Coro<> { co_await end; };
        auto left_over = create_task(await_end);
        co_await turns(2);
    };
    run(main);
    gate.open();
    end.wait();
}

} // namespace
