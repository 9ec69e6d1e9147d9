#include <hocket/hocket.hpp>
#include <hocket/opencl.hpp>

#include "../measure.hpp"

namespace {

namespace opencl = hocket::opencl;

hocket::Coro<> awaited(opencl::Stream& stream, const opencl::Kernel& empty) {
    constexpr std::size_t launches = 500;
    bench::Best best("awaited_kernel", launches, 8, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < launches; ++i) co_await stream.launch(empty, 1);
    }
}

hocket::Coro<> ordered(opencl::Stream& stream, const opencl::Kernel& empty) {
    constexpr std::size_t launches = 10'000;
    bench::Best best("ordered_kernels", launches, 8, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < launches; ++i) stream.launch(empty, 1);
        co_await stream.completed();
    }
}

hocket::Coro<> parent() {
    const opencl::Device device;
    const opencl::Program program(device, "kernel void empty() {}");
    const opencl::Kernel empty = program.kernel("empty");
    opencl::Stream stream(device);
    co_await awaited(stream, empty);
    co_await ordered(stream, empty);
}

} // namespace

int main() { hocket::run(parent()); }
