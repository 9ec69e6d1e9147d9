// Two things at once: gather() awaits several coroutines side by side, create_task() starts one in
// the background.
//
//     $ 02_two_things
//     coffee: started
//     toast: started
//     toast: ready
//     coffee: ready
//     breakfast: coffee and toast
//     the egg is boiled

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <string>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<std::string> make(std::string what, std::chrono::milliseconds time) {
    std::printf("%s: started\n", what.c_str());
    co_await hocket::sleep(time);
    std::printf("%s: ready\n", what.c_str());
    co_return what;
}

Coro<> boil_egg() { co_await hocket::sleep(100ms); }

Coro<> breakfast() {
    auto egg = hocket::create_task(boil_egg()); // runs while the rest goes on
    const auto [drink, food] = co_await hocket::gather(make("coffee", 50ms), make("toast", 20ms));
    std::printf("breakfast: %s and %s\n", drink.c_str(), food.c_str());
    co_await egg;
    std::puts("the egg is boiled");
}

int main() { hocket::run(breakfast()); }
