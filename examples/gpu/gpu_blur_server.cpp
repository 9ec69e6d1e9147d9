// A server has the images of its clients blurred on a GPU. Each request has a stream of its own,
// and the loop goes on answering others while the kernels run.
//
//     $ gpu_blur_server
//     8 images of 512 x 512 pixels were blurred, and all are correct
//     the longest wait for another answer was 2 ms

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <hocket/opencl.hpp>
#include <string>
#include <vector>

namespace opencl = hocket::opencl;
using Clock = std::chrono::steady_clock;
using hocket::Coro;

constexpr int size = 512; // of an image, in pixels; each pixel is a byte

const std::string source = R"(
    kernel void blur(global uchar* to, global const uchar* from) {
        const int radius = 12;
        const int size = get_global_size(0);
        const int x = get_global_id(0), y = get_global_id(1);
        uint sum = 0, count = 0;
        for (int j = max(0, y - radius); j <= min(size - 1, y + radius); ++j) {
            for (int i = max(0, x - radius); i <= min(size - 1, x + radius); ++i) {
                sum += from[j * size + i];
                ++count;
            }
        }
        to[y * size + x] = sum / count;
    }
)";

class Blur {
public:
    Coro<std::string> apply(std::string pixels) {
        opencl::Stream stream(device_);
        const opencl::Buffer<char> from(device_, pixels.size());
        const opencl::Buffer<char> to(device_, pixels.size());
        stream.copy(pixels, from);
        stream.launch(kernel_, opencl::Grid(size, size), to, from);
        co_await stream.copy(to, pixels);
        co_return pixels;
    }

private:
    opencl::Device device_;
    opencl::Kernel kernel_ = opencl::Program(device_, source).kernel("blur");
};

/// "ping" is answered by "pong", "blur" and an image by the blurred image.
Coro<> serve(Blur& blur, hocket::StreamReader reader, hocket::StreamWriter writer) {
    for (;;) {
        const std::string line = co_await reader.readline();
        if (line.empty()) co_return;
        if (line == "blur\n") {
            std::string pixels = co_await reader.readexactly(size * size);
            writer.write(co_await blur.apply(std::move(pixels)));
        } else {
            writer.write("pong\n");
        }
        co_await writer.drain();
    }
}

/// Has a vertical edge blurred. Returns whether the answer is correct.
Coro<bool> ask_for_blur(int port) {
    std::string image;
    for (int y = 0; y < size; ++y) image += std::string(size / 2, 0) + std::string(size / 2, 100);
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    writer.write("blur\n" + image);
    const std::string answer = co_await reader.readexactly(size * size);
    const std::string row = answer.substr(size * size / 2, size);
    co_return row.front() == 0 && row.back() == 100 && row[size / 2 - 1] == 48 &&
        row[size / 2] == 52;
}

Coro<> ask_again_and_again(int port, Clock::duration& longest_wait) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    for (;;) {
        const auto asked = Clock::now();
        writer.write("ping\n");
        co_await reader.readline();
        longest_wait = std::max(longest_wait, Clock::now() - asked);
        co_await hocket::sleep(std::chrono::milliseconds(1));
    }
}

Coro<> program() {
    Blur blur;
    co_await blur.apply(
        std::string(size * size, 0)); // some drivers compile a kernel's first launch
    const auto handler = [&](hocket::StreamReader reader, hocket::StreamWriter writer) {
        return serve(blur, std::move(reader), std::move(writer));
    };
    const hocket::Server server = co_await hocket::start_server(handler, "127.0.0.1", 0);
    const int port = server.sockets().front().port();

    Clock::duration longest_wait{};
    auto other = hocket::create_task(ask_again_and_again(port, longest_wait));
    std::vector<Coro<bool>> requests;
    for (int i = 0; i < 8; ++i) requests.push_back(ask_for_blur(port));
    const std::vector<bool> correct = co_await hocket::gather(std::move(requests));
    other.cancel();

    const bool all = std::all_of(correct.begin(), correct.end(), [](bool one) { return one; });
    std::printf("%zu images of %d x %d pixels were blurred, and %s correct\n", correct.size(), size,
                size, all ? "all are" : "not all are");
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(longest_wait);
    std::printf("the longest wait for another answer was %d ms\n", static_cast<int>(wait.count()));
}

int main() {
    try {
        hocket::run(program());
    } catch (const opencl::DeviceNotFound& error) {
        std::printf("no device: %s\n", error.what());
        return 1;
    }
}
