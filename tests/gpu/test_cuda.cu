// What only CUDA has: kernels that nvcc compiled into the program.

#include <vector>

#include <gtest/gtest.h>

#include <hocket/cuda.hpp>
#include <hocket/run.hpp>

#include "gpu/backend.hpp"

namespace {

__global__ void subtract(int* x, int n, int value) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        x[i] -= value;
    }
}

__global__ void add_up(const int* x, int* total) {
    extern __shared__ int part[];
    part[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    __syncthreads();
    if (threadIdx.x == 0) {
        for (unsigned i = 0; i < blockDim.x; ++i) {
            atomicAdd(total, part[i]);
        }
    }
}

class Cuda : public gpu_test::GpuTest {};

} // namespace

TEST_F(Cuda, LaunchesAKernelThatIsPartOfTheProgram) {
    const hocket::gpu::Kernel kernel = backend::kernel(device(), subtract, "subtract");
    hocket::gpu::Stream stream(device());
    hocket::gpu::Buffer<int> x(device(), 1000);
    stream.copy(numbers(1000, 7), x);
    stream.launch(kernel, 1000, x, 1000, 7);
    EXPECT_EQ(values(stream.read(x).result()), numbers(1000));
    EXPECT_THROW(stream.launch(kernel, 1000, x, 1000), hocket::ValueError);
}

TEST_F(Cuda, LocalMemoryIsDynamicSharedMemory) {
    const hocket::gpu::Kernel kernel = backend::kernel(device(), add_up, "add_up");
    hocket::gpu::Stream stream(device());
    hocket::gpu::Buffer<int> x(device(), 256);
    hocket::gpu::Buffer<int> total(device(), 1);
    stream.copy(numbers(256), x);
    stream.copy(std::vector<int>{0}, total);
    stream.launch(kernel, hocket::gpu::Grid(256).in_groups_of(32), x, total,
                  hocket::gpu::Local<int>(32));
    EXPECT_EQ(stream.read(total).result()[0], 255 * 256 / 2);
}

TEST_F(Cuda, AKernelOfTheProgramIsAwaited) {
    hocket::gpu::Stream stream(device());
    const auto main = [&]() -> hocket::Coro<> {
        const hocket::gpu::Kernel kernel = backend::kernel(device(), subtract, "subtract");
        hocket::gpu::Buffer<int> x(device(), 1);
        stream.copy(std::vector<int>{9}, x);
        co_await stream.launch(kernel, 1, x, 1, 4);
        const auto read = co_await stream.read(x);
        EXPECT_EQ(read[0], 5);
    };
    hocket::run(main);
}

TEST_F(Cuda, ItsObjectsCanBeUsedWithoutHocket) {
    hocket::gpu::Stream stream(device());
    hocket::gpu::Buffer<int> x(device(), 2);
    cudaSetDevice(backend::native_device(device()));
    ASSERT_EQ(cudaMemsetAsync(backend::native_memory(x), 0, x.bytes(), backend::native_stream(stream)),
              cudaSuccess);
    EXPECT_EQ(values(stream.read(x).result()), (std::vector<int>{0, 0}));
}
