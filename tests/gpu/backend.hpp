#pragma once

/// The tests in this folder are built once for OpenCL and once for CUDA. This is what differs.
#ifdef HOCKET_TEST_CUDA
#include "gpu/cuda_backend.hpp"
#else
#include "gpu/opencl_backend.hpp"
#endif

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/gpu/stream.hpp>

namespace gpu_test {

/// The kernels of the tests, in the common part of OpenCL C and CUDA C++.
inline const std::string kernels = std::string(preamble) + R"(
KERNEL add(GLOBAL int* x, int n, int value) {
    const int i = INDEX;
    if (i < n) x[i] += value;
}
KERNEL append_digit(GLOBAL unsigned* x, unsigned digit) {
    if (INDEX == 0) x[0] = x[0] * 7 + digit;
}
KERNEL saxpy(GLOBAL float* y, GLOBAL const float* x, float a, int n) {
    const int i = INDEX;
    if (i < n) y[i] += a * x[i];
}
KERNEL count(GLOBAL int* total, int n) {
    if (INDEX < n) ATOMIC_INCREMENT(total);
}
KERNEL nothing() {}
KERNEL spin(GLOBAL unsigned* x, unsigned rounds) {
    unsigned value = x[0];
    for (unsigned i = 0; i < rounds; ++i) value = value * 1664525u + 1013904223u;
    x[0] = value;
}
)";

/// Skips the test, with the reason, if there is no device.
class GpuTest : public testing::Test {
protected:
    void SetUp() override {
        if (backend::devices().empty()) {
            GTEST_SKIP() << "there is no device: " << why_none();
        }
    }
    static backend::Device device() { return backend::Device(); }
    /// Built once for all tests of a program.
    static const hocket::gpu::Program& program() {
        static const auto& built = *new hocket::gpu::Program(device(), kernels);
        return built;
    }
    static hocket::gpu::Kernel kernel(const std::string& name) { return program().kernel(name); }

    static std::vector<int> numbers(int count, int first = 0) {
        std::vector<int> result;
        for (int i = 0; i < count; ++i) {
            result.push_back(first + i);
        }
        return result;
    }
    template <class T> static std::vector<T> values(const hocket::gpu::HostBuffer<T>& buffer) {
        return {buffer.begin(), buffer.end()};
    }

private:
    static std::string why_none() {
        try {
            static_cast<void>(backend::Device());
        } catch (const hocket::gpu::GpuError& error) {
            return error.what();
        }
        return {};
    }
};

} // namespace gpu_test
