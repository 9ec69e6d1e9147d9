#include <hocket/hocket.hpp>

#include <chrono>
#include <cstdlib>

#include "../measure.hpp"

namespace {

using namespace std::chrono_literals;

hocket::Coro<> sleeper() { co_await hocket::sleep(1h); }

hocket::Coro<> parent() {
    constexpr std::size_t tasks = 1'000'000;
    const std::size_t before = bench::anonymous_bytes();
    for (std::size_t i = 0; i < tasks; ++i) hocket::create_task(sleeper());
    co_await hocket::sleep(10ms);
    const std::size_t after = bench::anonymous_bytes();
    bench::print("parked", static_cast<double>(after - before) / tasks, "B");
    // This row does not measure the destruction of a million tasks.
    std::_Exit(0);
}

} // namespace

int main() { hocket::run(parent()); }
