#include <cstddef>
#include <string>

#include <hocket/manager.hpp>

#include "../measure.hpp"

int main() {
    constexpr std::size_t rounds = 1'000; // short, to fit between time slices of other processes
    const hocket::Manager manager;
    const auto dict = manager.dict<std::string, int>();
    const std::string key = "key";
    dict.set(key, 1);
    bench::Best best("manager_get", rounds, 30, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) bench::keep(dict.get(key));
    }
}
