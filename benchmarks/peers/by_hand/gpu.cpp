#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "../../measure.hpp"

namespace {

void check(cl_int error) {
    if (error != CL_SUCCESS) std::abort();
}

} // namespace

/// A bare queue of OpenCL on a thread that blocks in clFinish.
int main() {
    cl_platform_id platform = nullptr;
    cl_device_id device = nullptr;
    cl_int error = CL_SUCCESS;
    check(clGetPlatformIDs(1, &platform, nullptr));
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr));
    const cl_context context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &error);
    check(error);
    const cl_command_queue queue = clCreateCommandQueue(context, device, 0, &error);
    check(error);
    const char* source = "kernel void empty() {}";
    const cl_program program = clCreateProgramWithSource(context, 1, &source, nullptr, &error);
    check(error);
    check(clBuildProgram(program, 1, &device, "", nullptr, nullptr));
    const cl_kernel empty = clCreateKernel(program, "empty", &error);
    check(error);

    const auto launch = [&] {
        const std::size_t items = 1;
        check(
            clEnqueueNDRangeKernel(queue, empty, 1, nullptr, &items, nullptr, 0, nullptr, nullptr));
    };
    constexpr std::size_t finishes = 500;
    bench::Best awaited("awaited_kernel", finishes, 8, bench::Clock::wall);
    while (awaited.next()) {
        for (std::size_t i = 0; i < finishes; ++i) {
            launch();
            check(clFinish(queue));
        }
    }
    constexpr std::size_t launches = 10'000;
    bench::Best ordered("ordered_kernels", launches, 8, bench::Clock::wall);
    while (ordered.next()) {
        for (std::size_t i = 0; i < launches; ++i) launch();
        check(clFinish(queue));
    }
}
