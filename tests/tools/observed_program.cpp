// A program that tests look into. Its argument says what it does; it prints "ready" when it does so
// and runs until it is killed.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

namespace {

hocket::Coro<> take_both(hocket::Lock& first, hocket::Lock& second) {
    const auto one = co_await first.scoped();
    co_await hocket::sleep(1ms);
    const auto two = co_await second.scoped();
}

hocket::Coro<> nap() { co_await hocket::sleep(1h); }

void ready() { std::cout << "ready" << std::endl; }

hocket::Coro<> deadlock() {
    hocket::Lock a;
    hocket::Lock b;
    auto flush = hocket::create_task({.name = "flush"}, [&] { return take_both(a, b); });
    auto refill = hocket::create_task({.name = "refill"}, [&] { return take_both(b, a); });
    co_await hocket::sleep(20ms);
    ready();
    co_await flush;
}

void block_the_loop() {
    for (;;) {
        std::this_thread::sleep_for(1h);
    }
}

hocket::Coro<> block() {
    auto blocker = hocket::create_task({.name = "blocker"}, []() -> hocket::Coro<> {
        block_the_loop();
        co_return;
    });
    std::vector<hocket::Task<>> naps;
    ready();
    co_await blocker;
}

hocket::Coro<> stall_often() {
    hocket::get_running_loop().slow_callback_duration = 10ms;
    for (int i = 0; i < 8; ++i) {
        std::this_thread::sleep_for(100ms);
        co_await hocket::sleep(60ms);
    }
    ready();
    co_await nap();
}

/// What is stderr from the beginning is not what it is later.
hocket::Coro<> stall_with_other_errors() {
    const int file = ::open(std::getenv("ERRORS"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(file, STDERR_FILENO);
    hocket::get_running_loop().slow_callback_duration = 10ms;
    co_await hocket::sleep(60ms);
    std::this_thread::sleep_for(200ms);
    ready();
    co_await nap();
}

hocket::Coro<> gather_many() {
    auto parent = hocket::create_task({.name = "parent"}, []() -> hocket::Coro<> {
        std::vector<hocket::Task<>> naps;
        for (int i = 0; i < 30; ++i) {
            naps.push_back(hocket::create_task(nap()));
        }
        auto special = hocket::create_task({.name = "special"}, nap);
        auto middle = hocket::create_task({.name = "middle"},
                                          [&special]() -> hocket::Coro<> { co_await special; });
        co_await hocket::gather(std::move(naps));
        co_await middle;
    });
    co_await hocket::sleep(20ms);
    ready();
    co_await parent;
}

int pause_worker(int seconds) {
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    return seconds;
}

std::int64_t own_pid() { return ::getpid(); }

hocket::Coro<> pools() {
    hocket::ThreadPoolExecutor threads(2, {.thread_name_prefix = "crunch"});
    hocket::ProcessPoolExecutor processes(1);
    std::vector<hocket::Future<int>> futures;
    for (int i = 0; i < 5; ++i) {
        futures.push_back(threads.submit(pause_worker, 3600));
    }
    auto worker = processes.submit(own_pid);
    std::cout << co_await worker << std::endl;
    auto call = processes.submit(pause_worker, 3600);
    co_await hocket::sleep(100ms);
    ready();
    try {
        co_await call;
    } catch (const hocket::WorkerDied&) {
        std::cout << "died" << std::endl;
    }
    co_await nap();
}

int square(int number) {
    std::this_thread::sleep_for(1ms);
    return number * number;
}

/// The start method that the environment asks for.
hocket::StartMethod start_method() {
    const char* const value = std::getenv("METHOD");
    const std::string name = value == nullptr ? "spawn" : value;
    return name == "fork"         ? hocket::StartMethod::fork
           : name == "forkserver" ? hocket::StartMethod::forkserver
                                  : hocket::StartMethod::spawn;
}

/// Work for threads and processes, until the program is killed.
hocket::Coro<> work() {
    hocket::ThreadPoolExecutor threads(2, {.thread_name_prefix = "crunch"});
    hocket::ProcessPoolExecutor processes(2, {.start_method = start_method()});
    auto requests = hocket::create_task({.name = "requests"}, [&]() -> hocket::Coro<> {
        for (int i = 0;; ++i) {
            auto here = threads.submit(square, i);
            auto named = threads.submit(hocket::SubmitOptions{.name = "parse page"}, square, i);
            auto there = processes.submit(square, i);
            if (co_await here != co_await there) {
                throw std::runtime_error("threads and processes count differently");
            }
            co_await named;
            if (i == 0) {
                ready();
            }
            auto child = hocket::create_task(hocket::sleep(1ms));
            co_await child;
        }
    });
    co_await requests;
}

std::uint16_t port() { return static_cast<std::uint16_t>(std::atoi(std::getenv("PORT"))); }

hocket::Coro<> observed_worker() {
    hocket::observe({.metrics_port = port()});
    hocket::ProcessPoolExecutor processes(1, {.start_method = start_method()});
    auto worker = processes.submit(own_pid);
    std::cout << co_await worker << std::endl;
    auto call = processes.submit(pause_worker, 3600);
    co_await hocket::sleep(100ms);
    ready();
    co_await call;
}

hocket::Coro<> many() {
    std::vector<hocket::Task<>> naps;
    for (int i = 0; i < 100'000; ++i) {
        naps.push_back(hocket::create_task(nap()));
    }
    co_await hocket::sleep(1ms);
    ready();
    co_await naps.front();
}

/// The library awaits in coroutines of its own here.
hocket::Coro<> serve_forever() {
    hocket::Server server = co_await hocket::start_server(
        [](hocket::StreamReader, hocket::StreamWriter) -> hocket::Coro<> { co_return; },
        "127.0.0.1", 0);
    auto remote = hocket::run_coroutine_threadsafe(nap, hocket::get_running_loop());
    co_await hocket::sleep(20ms);
    ready();
    co_await server.serve_forever();
}

hocket::Coro<> odd_names() {
    auto markup = hocket::create_task({.name = "a<b> & \"c\""}, nap);
    auto escape = hocket::create_task({.name = "\x1b[5mblink"}, nap);
    auto no_utf8 = hocket::create_task({.name = "caf\xe9"}, nap);
    co_await hocket::sleep(20ms);
    ready();
    co_await nap();
}

hocket::Coro<> serve_metrics() {
    hocket::observe({.metrics_port = port()});
    ready();
    co_await nap();
}

} // namespace

int main(int argc, char** argv) {
    const std::map<std::string, std::function<hocket::Coro<>()>> modes = {
        {"deadlock", deadlock},     {"block", block},
        {"stall", stall_often},     {"gather", gather_many},
        {"pools", pools},           {"many", many},
        {"metrics", serve_metrics}, {"worker", observed_worker},
        {"server", serve_forever},  {"work", work},
        {"names", odd_names},       {"stall_with_other_errors", stall_with_other_errors}};
    const auto mode = modes.find(argc > 1 ? argv[1] : "");
    if (mode == modes.end()) {
        return 2;
    }
    try {
        hocket::run(mode->second(), {.name = "main loop"});
    } catch (const hocket::KeyboardInterrupt&) {
        return 130;
    }
}
