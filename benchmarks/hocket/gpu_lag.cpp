#include <hocket/hocket.hpp>
#include <hocket/opencl.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "../measure.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace opencl = hocket::opencl;

constexpr auto kernel_time = 300ms;

/// How late the loop is at most for timers of a millisecond, until `end`.
hocket::Coro<double> most_late(Clock::time_point end) {
    Clock::duration most{};
    while (Clock::now() < end) {
        const auto due = Clock::now() + 1ms;
        co_await hocket::sleep(1ms);
        most = std::max(most, Clock::now() - due);
    }
    co_return std::chrono::duration<double, std::milli>(most).count();
}

/// The least of several times, because everything else on the machine also makes timers late.
hocket::Coro<> parent() {
    const opencl::Device device;
    const opencl::Program program(device, R"(
        kernel void spin(global uint* x, uint rounds) {
            uint value = x[0];
            for (uint i = 0; i < rounds; ++i) value = value * 1664525u + 1013904223u;
            x[0] = value;
        })");
    const opencl::Kernel spin = program.kernel("spin");
    opencl::Stream stream(device);
    opencl::Buffer<std::uint32_t> x(device, 1);
    constexpr std::uint32_t some_rounds = 20'000'000;
    co_await stream.launch(spin, 1, x, 1U); // compiles it
    const auto began = Clock::now();
    co_await stream.launch(spin, 1, x, some_rounds);
    const double scale = std::chrono::duration<double>(kernel_time) / (Clock::now() - began);
    const auto rounds = static_cast<std::uint32_t>(some_rounds * scale);

    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 5; ++i) {
#ifndef HOCKET_BENCH_IDLE
        const auto kernel = hocket::create_task(stream.launch(spin, 1, x, rounds));
#else
        bench::keep(rounds);
#endif
        least = std::min(least, co_await most_late(Clock::now() + kernel_time));
#ifndef HOCKET_BENCH_IDLE
        co_await kernel;
#endif
    }
    bench::print("lag", least, "ms");
}

} // namespace

int main() { hocket::run(parent()); }
