// A kernel of OpenCL adds one array to another, and the program awaits it.
//
//     $ gpu_saxpy
//     y = 2 x + y for 1000000 numbers: the first is 3, the last 2000001

#include <cstdio>
#include <exception>
#include <hocket/hocket.hpp>
#include <hocket/opencl.hpp>
#include <string>
#include <vector>

namespace opencl = hocket::opencl;

const std::string source = R"(
    kernel void saxpy(global float* y, global const float* x, float a) {
        const size_t i = get_global_id(0);
        y[i] += a * x[i];
    }
)";

hocket::Coro<> saxpy() {
    const opencl::Device device;
    const opencl::Program program(device, source);
    opencl::Stream stream(device);

    std::vector<float> host_x(1'000'000);
    std::vector<float> host_y(host_x.size(), 1.0f);
    for (std::size_t i = 0; i < host_x.size(); ++i) host_x[i] = static_cast<float>(i + 1);

    const opencl::Buffer<float> x(device, host_x.size());
    const opencl::Buffer<float> y(device, host_y.size());
    stream.copy(host_x, x);
    stream.copy(host_y, y);
    stream.launch(program.kernel("saxpy"), y.size(), y, x, 2.0f);
    co_await stream.copy(y, host_y);

    std::printf("y = 2 x + y for %zu numbers: the first is %.0f, the last %.0f\n", host_y.size(),
                host_y.front(), host_y.back());
}

int main() {
    try {
        hocket::run(saxpy());
    } catch (const opencl::DeviceNotFound& error) {
        std::printf("no device: %s\n", error.what());
        return 1;
    }
}
