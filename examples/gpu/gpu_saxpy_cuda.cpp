// A kernel of CUDA, compiled when the program runs, adds one array to another, and the program
// awaits it. The same as gpu_saxpy, but for the namespace and the kernel's source.
//
//     $ gpu_saxpy_cuda
//     y = 2 x + y for 1000000 numbers: the first is 3, the last 2000001

#include <cstdio>
#include <exception>
#include <hocket/cuda.hpp>
#include <hocket/hocket.hpp>
#include <string>
#include <vector>

namespace cuda = hocket::cuda;

const std::string source = R"(
    extern "C" __global__ void saxpy(float* y, const float* x, float a, unsigned n) {
        const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) y[i] += a * x[i]; // the last group reaches beyond the array
    }
)";

hocket::Coro<> saxpy() {
    const cuda::Device device;
    const cuda::Program program(device, source);
    cuda::Stream stream(device);

    std::vector<float> host_x(1'000'000);
    std::vector<float> host_y(host_x.size(), 1.0f);
    for (std::size_t i = 0; i < host_x.size(); ++i) host_x[i] = static_cast<float>(i + 1);

    const cuda::Buffer<float> x(device, host_x.size());
    const cuda::Buffer<float> y(device, host_y.size());
    stream.copy(host_x, x);
    stream.copy(host_y, y);
    stream.launch(program.kernel("saxpy"), y.size(), y, x, 2.0f, static_cast<unsigned>(y.size()));
    co_await stream.copy(y, host_y);

    std::printf("y = 2 x + y for %zu numbers: the first is %.0f, the last %.0f\n", host_y.size(),
                host_y.front(), host_y.back());
}

int main() {
    try {
        hocket::run(saxpy());
    } catch (const cuda::DeviceNotFound& error) {
        std::printf("no device: %s\n", error.what());
        return 1;
    }
}
