#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gpu/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>

#include "gpu/backend.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using gpu_test::Gate;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

/// What only OpenCL has: commands can be made to fail, and parameters have types.
class OpenCl : public gpu_test::GpuTest {};

TEST_F(OpenCl, AwaitingACommandThatFailsThrows) {
    const auto main = []() -> Coro<> {
        gpu::Stream stream(device());
        Gate gate(stream);
        const gpu::Event end = stream.launch(kernel("nothing"), 1);
        auto task = create_task(end);
        co_await sleep(1ms);
        gate.fail();
        try {
            co_await task;
            ADD_FAILURE() << "it did not fail";
        } catch (const gpu::GpuError& error) {
            EXPECT_EQ(error.kernel(), "nothing");
            EXPECT_EQ(error.call(), "clEnqueueNDRangeKernel");
            EXPECT_LT(error.code(), 0);
            EXPECT_THAT(error.code_name(), HasSubstr("CL_"));
        }
        EXPECT_TRUE(end.done());
    };
    run(main);
}

TEST_F(OpenCl, ThreadsGetTheErrorOfACommandThatFails) {
    gpu::Stream stream(device());
    Gate gate(stream);
    const gpu::Event end = stream.launch(kernel("nothing"), 1);
    const auto download = stream.read(gpu::Buffer<int>(device(), 1));
    gate.fail();
    EXPECT_THROW(end.wait(), gpu::GpuError);
    EXPECT_THROW(end.wait(1min), gpu::GpuError);
    EXPECT_THROW(end.future().result(), gpu::GpuError);
    EXPECT_THROW(download.result(), gpu::GpuError);
}

TEST_F(OpenCl, AStreamGoesOnAfterAFailure) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 1);
    {
        Gate gate(stream);
        stream.launch(kernel("nothing"), 1);
        gate.fail();
        EXPECT_THROW(stream.completed().wait(), gpu::GpuError);
    }
    stream.copy(std::vector{3}, x);
    EXPECT_EQ(stream.read(x).result()[0], 3);
}

TEST_F(OpenCl, ManyStreamsThatFailAreAllReported) {
    const auto main = []() -> Coro<> {
        std::vector<gpu::Stream> streams;
        std::vector<std::unique_ptr<Gate>> gates;
        std::vector<Task<>> tasks;
        for (int i = 0; i < 20; ++i) { // more than there are threads that wait
            streams.emplace_back(device());
            gates.push_back(std::make_unique<Gate>(streams.back()));
            tasks.push_back(create_task(streams.back().launch(kernel("nothing"), 1)));
        }
        co_await sleep(1ms);
        int failed = 0;
        for (int i = 0; i < 20; ++i) {
            gates[i]->fail();
            try {
                co_await tasks[i];
            } catch (const gpu::GpuError&) {
                ++failed;
            }
        }
        EXPECT_EQ(failed, 20);
    };
    run(main);
}

TEST_F(OpenCl, MemoryOfACommandThatFailsIsFreed) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 10);
    std::weak_ptr<detail::gpu::HostMemory> memory;
    {
        Gate gate(stream);
        gpu::HostBuffer<int> host(device(), 10);
        memory = host.memory();
        stream.copy(host, x);
        gate.fail();
    }
    EXPECT_THROW(stream.completed().wait(), gpu::GpuError);
    EXPECT_TRUE(memory.expired());
}

TEST_F(OpenCl, ArgumentsOfAnotherTypeAreRefusedByName) {
    gpu::Stream stream(device());
    gpu::Buffer<float> x(device(), 10);
    gpu::Buffer<int> integers(device(), 10);
    const gpu::Kernel saxpy = kernel("saxpy");
    EXPECT_THAT([&] { stream.launch(saxpy, 10, x, x, 1, 10); },
                ThrowsMessage<ValueError>(
                    AllOf(HasSubstr("argument 3 of kernel 'saxpy'"), HasSubstr("'float a'"))));
    EXPECT_THAT([&] { stream.launch(saxpy, 10, integers, x, 1.0F, 10); },
                ThrowsMessage<ValueError>(AllOf(HasSubstr("argument 1 of kernel 'saxpy'"),
                                                HasSubstr("'global float* y'"))));
}

TEST_F(OpenCl, AnUnknownKernelListsThoseOfTheProgram) {
    EXPECT_THAT([] { static_cast<void>(kernel("sax")); },
                ThrowsMessage<ValueError>(AllOf(HasSubstr("'sax'"), HasSubstr("saxpy"))));
}

TEST_F(OpenCl, LocalMemoryIsShared) {
    const gpu::Program program(device(), R"(
        kernel void sum(global const int* x, global int* total, local int* part) {
            part[get_local_id(0)] = x[get_global_id(0)];
            barrier(CLK_LOCAL_MEM_FENCE);
            if (get_local_id(0) == 0) {
                int sum = 0;
                for (size_t i = 0; i < get_local_size(0); ++i) sum += part[i];
                atomic_add(total, sum);
            }
        })");
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 256);
    gpu::Buffer<int> total(device(), 1);
    stream.copy(numbers(256), x);
    stream.copy(std::vector{0}, total);
    stream.launch(program.kernel("sum"), gpu::Grid(256).in_groups_of(32), x, total,
                  gpu::Local<int>(32));
    EXPECT_EQ(stream.read(total).result()[0], 255 * 256 / 2);
}

TEST_F(OpenCl, ValuesOfStructuresAreCopied) {
    struct Range {
        int first;
        int step;
    };
    const gpu::Program program(device(), R"(
        typedef struct { int first; int step; } Range;
        kernel void fill(global int* x, Range range) {
            x[get_global_id(0)] = range.first + (int)get_global_id(0) * range.step;
        })");
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 3);
    stream.launch(program.kernel("fill"), 3, x, Range{5, 10});
    EXPECT_EQ(values(stream.read(x).result()), (std::vector{5, 15, 25}));
}

TEST_F(OpenCl, ItsObjectsCanBeUsedWithoutHocket) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 2);
    const int pattern = 9;
    cl_event filled = nullptr;
    ASSERT_EQ(clEnqueueFillBuffer(opencl::native_queue(stream), opencl::native_memory(x), &pattern,
                                  sizeof(pattern), 0, x.bytes(), 0, nullptr, &filled),
              CL_SUCCESS);
    opencl::adopt_event(device(), filled).wait();
    clReleaseEvent(filled);
    EXPECT_EQ(values(stream.read(x).result()), (std::vector{9, 9}));
    EXPECT_NE(opencl::native_device(device()), nullptr);
}

TEST_F(OpenCl, AProgramMayEndWhileTheDeviceWorks) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto leave = [] {
        gpu::Stream stream(device());
        gpu::Buffer<unsigned> x(device(), 1);
        stream.copy(std::vector<unsigned>{1}, x);
        // PoCL compiles a kernel when it is first launched, and does not survive an exit meanwhile.
        stream.launch(kernel("spin"), 1, x, 1U).wait();
        static const gpu::Event end = stream.launch(kernel("spin"), 1, x, 4'000'000'000U);
        const auto main = []() -> Coro<> {
            auto task = create_task(end);
            co_await sleep(20ms);
        };
        run(main);
        std::exit(3);
    };
    EXPECT_EXIT(leave(), testing::ExitedWithCode(3), "");
}

} // namespace
