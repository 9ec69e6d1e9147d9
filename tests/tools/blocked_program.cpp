// A program that blocks its loop in a function that has no external linkage. It prints "ready"
// before it does so.

#include <iostream>

#include <unistd.h>

#include <hocket/run.hpp>

namespace {

[[gnu::noinline]] void block_quietly() {
    std::cout << "ready" << std::endl;
    for (;;) {
        ::sleep(3600);
    }
}

[[gnu::always_inline]] inline void inner_step() { block_quietly(); }
[[gnu::always_inline]] inline void outer_step() { inner_step(); }

[[gnu::noinline]] void take_steps() { outer_step(); }

hocket::Coro<> blocking_main() {
    take_steps();
    co_return;
}

} // namespace

int main() { hocket::run(blocking_main()); }
