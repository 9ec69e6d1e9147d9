// A timeout, and a cancellation. Both throw at the co_await at which the coroutine is suspended, so
// its destructors run as for any other exception.
//
//     $ 03_timeouts_and_cancellation
//     the answer did not come in time
//     download: started
//     download: removing the half-written file
//     the download was cancelled

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<int> slow_answer() {
    co_await hocket::sleep(1h);
    co_return 42;
}

struct HalfWrittenFile {
    ~HalfWrittenFile() { std::puts("download: removing the half-written file"); }
};

Coro<> download() {
    std::puts("download: started");
    const HalfWrittenFile file;
    co_await hocket::sleep(1h); // CancelledError is thrown here
}

Coro<> program() {
    try {
        co_await hocket::wait_for(slow_answer(), 20ms);
    } catch (const hocket::TimeoutError&) {
        std::puts("the answer did not come in time");
    }

    auto task = hocket::create_task(download());
    co_await hocket::sleep(20ms);
    task.cancel();
    try {
        co_await task;
    } catch (const hocket::CancelledError&) {
        std::puts("the download was cancelled");
    }
}

int main() { hocket::run(program()); }
