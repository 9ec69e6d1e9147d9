#include <hocket/dask_executor.hpp>
#include <hocket/hocket.hpp>
#include <hocket/ray_executor.hpp>
#include <iostream>

int add(int a, int b) { return a + b; }

// Prints 3 and 7, as the other program does. There is no cluster at these addresses, so the
// bridges are started, and say so.
hocket::Coro<int> add_somewhere(hocket::RemoteExecutor& cluster, int a, int b) {
    try {
        co_return co_await cluster.submit(add, a, b);
    } catch (const hocket::BrokenExecutor&) {
        co_return add(a, b);
    }
}

hocket::Coro<> program() {
    hocket::RayExecutor ray({.address = "127.0.0.1:1"});
    hocket::DaskExecutor dask({.address = "tcp://127.0.0.1:1"});
    auto [three, seven] =
        co_await hocket::gather(add_somewhere(ray, 1, 2), add_somewhere(dask, 3, 4));
    std::cout << three << ' ' << seven << '\n';
}

int main() { hocket::run(program()); }
