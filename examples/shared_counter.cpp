// Four processes count together: in a number in shared memory, which costs nanoseconds, and in a
// manager's dict, which costs a message each time, but holds anything that can be packed.
//
//     $ shared_counter
//     everybody counted up to 400000
//     Ada said hello 3 times
//     Alan said hello 3 times
//     Barbara said hello 3 times
//     Grace said hello 3 times

#include <cstdio>
#include <hocket/manager.hpp>
#include <hocket/process.hpp>
#include <hocket/shared_value.hpp>
#include <string>
#include <vector>

using Counter = hocket::SharedValue<int>;
using Greetings = hocket::ManagedDict<std::string, int>;

void count(const Counter& counter, const Greetings& greetings) {
    for (int i = 0; i < 100'000; ++i) counter.fetch_add(1);

    const std::string& name = hocket::current_process_name();
    for (int i = 0; i < 3; ++i) {
        // Runs at the manager, in one step: no greeting of anybody gets lost.
        greetings.update(name, [](int& said) { ++said; });
    }
}

int main() {
    const hocket::Manager manager;
    const Counter counter(0);
    const auto greetings = manager.dict<std::string, int>();

    std::vector<hocket::Process> processes;
    for (const char* name : {"Ada", "Grace", "Barbara", "Alan"}) {
        processes.emplace_back(hocket::ProcessOptions{.name = name}, count, counter, greetings);
    }
    for (auto& process : processes) process.start();
    for (auto& process : processes) process.join();

    std::printf("everybody counted up to %d\n", counter.load());
    for (const auto& [name, said] : greetings.items()) {
        std::printf("%s said hello %d times\n", name.c_str(), said);
    }
}
