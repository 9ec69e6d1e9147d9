// A thread produces, tasks consume: a queue between the two worlds. It holds two items: the thread
// blocks while it is full, the tasks suspend while it is empty, and their loop does other things.
//
//     $ threads_and_tasks
//     reading 1
//     reading 2
//     …
//     task A has worked on 5
//     task B has worked on 6
//     the thread 'reader' has ended: 6 items in all

#include <chrono>
#include <cstdio>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task_group.hpp>
#include <hocket/thread.hpp>
#include <hocket/threadsafe_queue.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

using Items = hocket::ThreadsafeQueue<int>;

// Something that blocks: a device, a library that knows nothing of loops.
void read_all(Items& items) {
    for (int item = 1; item <= 6; ++item) {
        std::printf("reading %d\n", item);
        items.put_blocking(item);
    }
    items.shutdown(); // once it is empty, get() throws
}

Coro<> work_on(const char* name, Items& items, int& count) {
    try {
        for (;;) {
            const int item = co_await items.get();
            co_await hocket::sleep(50ms);
            std::printf("task %s has worked on %d\n", name, item);
            ++count;
        }
    } catch (const hocket::QueueShutDown&) {
    }
}

Coro<> work() {
    Items items(2);
    int count = 0;
    hocket::Thread reader({.name = "reader"}, [&] { read_all(items); });
    reader.start();
    co_await hocket::with_task_group([&](hocket::TaskGroup& group) -> Coro<> {
        group.create_task(work_on("A", items, count));
        group.create_task(work_on("B", items, count));
        co_return;
    });
    co_await reader.future();
    std::printf("the thread '%s' has ended: %d items in all\n", reader.name().c_str(), count);
}

int main() { hocket::run(work()); }
