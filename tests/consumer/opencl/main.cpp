#include <hocket/hocket.hpp>
#include <hocket/opencl.hpp>
#include <iostream>
#include <vector>

// Prints 3 and 7, as the other program does, with or without a device.
hocket::Coro<> program() {
    std::vector<int> numbers{3, 7};
    if (!hocket::opencl::devices().empty()) {
        const hocket::opencl::Device device;
        hocket::opencl::Stream stream(device);
        const hocket::opencl::Buffer<int> x(device, numbers.size());
        stream.copy(numbers, x);
        numbers.assign(2, 0);
        co_await stream.copy(x, numbers);
    }
    std::cout << numbers[0] << ' ' << numbers[1] << '\n';
}

int main() { hocket::run(program()); }
