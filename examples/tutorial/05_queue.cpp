// A queue between tasks. put() waits while the queue is full, get() while it is empty, and
// shutdown() tells the consumers that nothing more will come.
//
//     $ 05_queue
//     painted 6 chairs

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<> build_chairs(hocket::Queue<int>& chairs) {
    for (int number = 1; number <= 6; ++number) co_await chairs.put(number);
    chairs.shutdown();
}

Coro<> paint_chairs(hocket::Queue<int>& chairs, int& painted) {
    try {
        for (;;) {
            co_await chairs.get();
            co_await hocket::sleep(10ms);
            ++painted; // no lock: all tasks of a loop run on one thread
        }
    } catch (const hocket::QueueShutDown&) {
        // All chairs are painted.
    }
}

Coro<> workshop() {
    hocket::Queue<int> chairs(2); // room for two
    int painted = 0;
    co_await hocket::gather(build_chairs(chairs), paint_chairs(chairs, painted),
                            paint_chairs(chairs, painted));
    std::printf("painted %d chairs\n", painted);
}

int main() { hocket::run(workshop()); }
