#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gpu/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/task.hpp>

#include "gpu/backend.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using gpu_test::Gate;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

class GpuErrors : public gpu_test::GpuTest {};

TEST(GpuDevices, AreListedWithWhatTheyCanDo) {
    for (const auto& device : backend::devices()) {
        EXPECT_FALSE(device.name().empty());
        EXPECT_FALSE(device.info().platform.empty());
        EXPECT_GT(device.info().memory, 0U);
        EXPECT_GT(device.info().max_allocation, 0U);
        EXPECT_GT(device.info().max_group_size, 0U);
        EXPECT_GT(device.info().compute_units, 0U);
        EXPECT_EQ(backend::Device(device.name()).name(), device.name());
    }
}

TEST_F(GpuErrors, AnUnknownDeviceListsThoseThatExist) {
    const auto choose = [] { static_cast<void>(backend::Device("Babbage")); };
    EXPECT_THAT(choose, ThrowsMessage<gpu::DeviceNotFound>(
                            AllOf(HasSubstr("Babbage"), HasSubstr(device().name()))));
}

TEST_F(GpuErrors, TheSameDeviceIsEqual) {
    EXPECT_EQ(device(), backend::Device(device().name()));
    EXPECT_EQ((gpu::Buffer<int>(device(), 1).device()), device());
}

TEST_F(GpuErrors, AProgramThatDoesNotCompileThrowsTheCompilersMessages) {
    const std::string source = std::string(gpu_test::preamble) + "KERNEL f() { undeclared = 1; }";
    try {
        const gpu::Program program(device(), source);
        FAIL() << "it compiled";
    } catch (const gpu::BuildError& error) {
        EXPECT_THAT(error.build_log(), HasSubstr("undeclared"));
        EXPECT_THAT(error.what(), HasSubstr("undeclared"));
        EXPECT_NE(error.code(), 0);
        EXPECT_FALSE(error.call().empty());
        EXPECT_THAT(error.what(), HasSubstr(error.code_name()));
    }
}

TEST_F(GpuErrors, CompilerOptionsReachTheCompiler) {
    const std::string source =
        std::string(gpu_test::preamble) + "KERNEL f(GLOBAL int* x) { x[0] = VALUE; }";
    EXPECT_THROW(gpu::Program(device(), source), gpu::BuildError);
    const gpu::Program program(device(), source, "-DVALUE=42");
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 1);
    stream.launch(program.kernel("f"), 1, x);
    EXPECT_EQ(stream.read(x).result()[0], 42);
    EXPECT_THROW(gpu::Program(device(), ""), ValueError);
}

TEST_F(GpuErrors, AnUnknownKernelThrows) {
    const auto find = [] { static_cast<void>(kernel("no_such_kernel")); };
    EXPECT_THAT(find, ThrowsMessage<ValueError>(HasSubstr("no_such_kernel")));
}

TEST_F(GpuErrors, AKernelOutlivesItsProgram) {
    gpu::Stream stream(device());
    gpu::Buffer<int> total(device(), 1);
    stream.copy(std::vector{0}, total);
    Gate gate(stream);
    stream.launch(gpu::Program(device(), gpu_test::kernels).kernel("count"), 10, total, 10);
    gate.open();
    EXPECT_EQ(stream.read(total).result()[0], 10);
}

TEST_F(GpuErrors, ArgumentsThatDoNotFitAreRefused) {
    gpu::Stream stream(device());
    gpu::Buffer<float> x(device(), 10);
    gpu::Buffer<float> y(device(), 10);
    const gpu::Kernel saxpy = kernel("saxpy");
    EXPECT_THAT([&] { stream.launch(saxpy, 10, y, x, 1.0F); },
                ThrowsMessage<ValueError>(AllOf(HasSubstr("saxpy"), HasSubstr("4"))));
    EXPECT_THAT([&] { stream.launch(saxpy, 10, y, x, 1.0, 10); },
                ThrowsMessage<ValueError>(AllOf(HasSubstr("argument 3"), HasSubstr("saxpy"))));
    EXPECT_THROW(stream.launch(saxpy, 10, 1.0F, x, 1.0F, 10), ValueError);
    stream.launch(saxpy, 10, y, x, 1.0F, 10).wait(); // the kernel can still be launched
}

TEST_F(GpuErrors, AGridThatCannotBeLaunchedIsRefused) {
    gpu::Stream stream(device());
    const gpu::Kernel nothing = kernel("nothing");
    EXPECT_THROW(stream.launch(nothing, 0), ValueError);
    EXPECT_THROW(stream.launch(nothing, gpu::Grid(3, 0)), ValueError);
    EXPECT_THAT([&] { stream.launch(nothing, gpu::Grid(10).in_groups_of(3)); },
                ThrowsMessage<ValueError>(HasSubstr("groups of 3")));
    EXPECT_THROW(stream.launch(nothing, gpu::Grid(10).in_groups_of(0)), ValueError);
    const std::size_t too_large = device().info().max_group_size * 2;
    try {
        stream.launch(nothing, gpu::Grid(too_large).in_groups_of(too_large));
        FAIL() << "it was launched";
    } catch (const gpu::GpuError& error) {
        EXPECT_EQ(error.kernel(), "nothing");
        EXPECT_NE(error.code(), 0);
        EXPECT_THAT(error.what(), AllOf(HasSubstr(error.call()), HasSubstr(error.code_name()),
                                        HasSubstr("nothing")));
    }
    stream.launch(nothing, 1).wait();
}

TEST_F(GpuErrors, TooMuchMemoryIsRefused) {
    const std::size_t most = device().info().max_allocation;
    EXPECT_THROW(gpu::Buffer<char>(device(), most + 1), gpu::OutOfDeviceMemory);
    EXPECT_THROW(gpu::Buffer<double>(device(), std::numeric_limits<std::size_t>::max()),
                 gpu::OutOfDeviceMemory);
    EXPECT_THAT([&] { gpu::HostBuffer<double>(device(), most); },
                ThrowsMessage<gpu::OutOfDeviceMemory>(HasSubstr(std::to_string(most))));
    EXPECT_THROW(gpu::Buffer<int>(device(), 0), ValueError);
    EXPECT_THROW(gpu::HostBuffer<int>(device(), 0), ValueError);
}

TEST_F(GpuErrors, CopiesThatDoNotFitAreRefused) {
    gpu::Stream stream(device());
    gpu::Buffer<int> x(device(), 4);
    gpu::Buffer<int> y(device(), 5);
    gpu::HostBuffer<int> host(device(), 4);
    std::vector<int> none;
    EXPECT_THROW(stream.copy(numbers(5), x), ValueError);
    EXPECT_THROW(stream.copy(y, x), ValueError);
    EXPECT_THROW(stream.copy(y, host), ValueError);
    EXPECT_THROW(stream.copy(x, x), ValueError);
    EXPECT_THROW(stream.copy(none, x), ValueError);
    EXPECT_THROW(static_cast<void>(stream.copy(x, none)), ValueError);
}

TEST_F(GpuErrors, EmptyHandlesAreRefused) {
    gpu::Stream stream(device());
    EXPECT_THROW(stream.copy(numbers(5), gpu::Buffer<int>()), InvalidStateError);
    EXPECT_THROW(stream.copy(gpu::HostBuffer<int>(), gpu::Buffer<int>(device(), 1)),
                 InvalidStateError);
    EXPECT_THROW(stream.launch(kernel("count"), 1, gpu::Buffer<int>(), 1), InvalidStateError);
}

} // namespace
