#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include <hocket/cuda.hpp>
#include <hocket/cuda/native.hpp>

namespace backend = hocket::cuda;

namespace gpu_test {

inline constexpr const char* preamble = R"(
#define KERNEL extern "C" __global__ void
#define GLOBAL
#define INDEX ((int)(blockIdx.x * blockDim.x + threadIdx.x))
#define ATOMIC_INCREMENT(p) atomicAdd(p, 1)
)";

/// Holds up a stream: the commands submitted after it start when it opens, which the destructor
/// does at the latest. A kernel that waits for memory of this process to change; it gives up after
/// ten seconds or so, because a test may fail.
class Gate {
public:
    explicit Gate(hocket::gpu::Stream& stream) : flag_(stream.device(), 1) {
        static const auto& program = *new hocket::gpu::Program(stream.device(), R"(
            extern "C" __global__ void gate(unsigned long long address) {
                volatile int* flag = (volatile int*)address;
                const long long began = clock64();
                while (*flag == 0 && clock64() - began < 20000000000LL) {}
            })");
        static const auto& kernel = *new hocket::gpu::Kernel(program.kernel("gate"));
        stream.launch(kernel, hocket::gpu::Grid(1).in_groups_of(1),
                      reinterpret_cast<unsigned long long>(flag_.data()));
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate() {
        open();
        // The kernel reads the flag until it has seen it.
        static auto& flags = *new std::vector<hocket::gpu::HostBuffer<int>>();
        flags.push_back(flag_);
    }
    void open() { *static_cast<volatile int*>(flag_.data()) = 1; }

private:
    hocket::gpu::HostBuffer<int> flag_;
};

/// Code that is loaded when it is first launched would wait for the gates.
inline const int loads_eagerly = ::setenv("CUDA_MODULE_LOADING", "EAGER", 1);

} // namespace gpu_test
