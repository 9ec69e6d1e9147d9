// What a running program says about itself: the loop draws its tasks, with who awaits whom and the
// line at which each waits, and reports an exception that is never retrieved.
//
//     $ 10_looking_inside
//     3 tasks
//     Task-1 at an unknown place
//     cook at 10_looking_inside.cpp:27
//     └── oven at 10_looking_inside.cpp:23
//     the exception of <Task 'waiter' created at 10_looking_inside.cpp:45> was never retrieved
//     std::runtime_error: the soup is cold
//
// (Each line of the tree also names the function. Task-1 is the one that asks: it does not wait.)

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<> heat() { co_await hocket::sleep(1h); }

Coro<> cook() {
    auto oven = hocket::create_task(heat(), {.name = "oven"});
    co_await oven;
}

Coro<> serve_soup() {
    co_await hocket::sleep(0s);
    throw std::runtime_error("the soup is cold");
}

Coro<> restaurant() {
    auto& loop = hocket::get_running_loop();
    loop.set_exception_handler([](hocket::EventLoop&, const hocket::ExceptionContext& context) {
        std::cout << context.message << '\n'
                  << hocket::describe_exception(context.exception) << '\n';
    });
    auto cooking = hocket::create_task(cook(), {.name = "cook"});
    co_await hocket::sleep(10ms);
    loop.print_tasks(std::cout); // print_tasks_on_signal(SIGUSR1) does so from outside

    hocket::create_task(serve_soup(), {.name = "waiter"}); // never awaited
    co_await hocket::sleep(10ms);
    cooking.cancel();
}

int main() { hocket::run(restaurant()); }
