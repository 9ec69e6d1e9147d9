#include <hocket/threadsafe_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include <hocket/engine/sanitizers.hpp>
#include <hocket/run.hpp>
#include <hocket/thread.hpp>

// This is a separate program, because it counts all of its allocations.

namespace {

std::atomic<int> allocations{0};

} // namespace

#if !HOCKET_ADDRESS_SANITIZER && !HOCKET_THREAD_SANITIZER // they replace operator new themselves
// Not inlined, because g++ 12 would report new and free as a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace {

using namespace hocket;
using namespace std::chrono_literals;

TEST(ThreadsafeWaiting, AllocatesNothing) {
    ThreadsafeQueue<int> to_task(1);
    ThreadsafeQueue<int> to_thread(1);
    int during = -1;
    const auto exchange = [&](int count) -> Coro<> {
        for (int i = 0; i < count; ++i) {
            co_await to_thread.put(i);
            const int item = co_await to_task.get();
            EXPECT_EQ(item, i);
        }
    };
    Thread thread([&] {
        try {
            while (true) {
                to_task.put_blocking(to_thread.get_blocking(1h), 1h);
            }
        } catch (const QueueShutDown&) {
        }
    });
    thread.start();
    const auto main = [&]() -> Coro<> {
        co_await exchange(10); // makes the queues and the free lists of frames grow
        const int before = allocations;
        co_await exchange(10);
        during = allocations - before;
        to_thread.shutdown();
    };
    run(main);
    thread.join();
    EXPECT_EQ(during, 0);
}

} // namespace
