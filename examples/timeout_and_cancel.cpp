// A wait can be given up: after a time, or by the holder of the task. A cancelled coroutine gets a
// CancelledError at its co_await, so its destructors run as for any other exception.
//
//     $ timeout_and_cancel
//     wait_for: gave up after 100 ms
//     with_timeout: gave up after 100 ms
//     downloading …
//     download: cleaning up
//     the task was cancelled

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<> eternity() { co_await hocket::sleep(1h); }

Coro<> download() {
    std::puts("downloading …");
    try {
        co_await eternity();
    } catch (const hocket::CancelledError&) {
        std::puts("download: cleaning up");
        throw;
    }
}

Coro<> show() {
    try {
        co_await hocket::wait_for(eternity(), 100ms);
    } catch (const hocket::TimeoutError&) {
        std::puts("wait_for: gave up after 100 ms");
    }

    try {
        co_await hocket::with_timeout(100ms, []() -> Coro<> {
            co_await eternity();
            std::puts("never reached");
        });
    } catch (const hocket::TimeoutError&) {
        std::puts("with_timeout: gave up after 100 ms");
    }

    auto task = hocket::create_task(download());
    co_await hocket::sleep(10ms);
    task.cancel();
    try {
        co_await task;
    } catch (const hocket::CancelledError&) {
        std::puts("the task was cancelled");
    }
}

int main() { hocket::run(show()); }
