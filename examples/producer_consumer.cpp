// A queue between one producer and two consumers. It holds two items: put() waits while it is full,
// get() while it is empty. join() waits until every item has been worked on.
//
//     $ producer_consumer
//     produced 1
//     produced 2
//     …
//     consumer B finished 5
//     consumer A finished 6
//     all done

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<> produce(hocket::Queue<int>& queue) {
    for (int item = 1; item <= 6; ++item) {
        co_await queue.put(item);
        std::printf("produced %d\n", item);
    }
    co_await queue.join();
    queue.shutdown();
}

Coro<> consume(const char* name, hocket::Queue<int>& queue) {
    try {
        for (;;) {
            const int item = co_await queue.get();
            co_await hocket::sleep(50ms);
            std::printf("consumer %s finished %d\n", name, item);
            queue.task_done();
        }
    } catch (const hocket::QueueShutDown&) {
    }
}

Coro<> work() {
    hocket::Queue<int> queue(2);
    co_await hocket::gather(produce(queue), consume("A", queue), consume("B", queue));
    std::puts("all done");
}

int main() { hocket::run(work()); }
