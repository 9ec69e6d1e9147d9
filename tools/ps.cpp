#include <ctime>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "colours.hpp"
#include "format.hpp"
#include "interval.hpp"
#include "observed_process.hpp"
#include "verbs.hpp"

namespace hocket::tool {

namespace {

double now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

bool is_observed(pid_t process) {
    try {
        return Observer::find(process).has_value();
    } catch (const NoAnswer&) {
        return true;
    } catch (const Problem&) { // it has just ended
        return false;
    }
}

} // namespace

void ps(bool json) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [process, page] : all_processes()) {
        Interval interval(*page);
        interval.look();
        std::uint64_t tasks = 0;
        for (const LoopView& loop : interval.loops()) {
            tasks += loop.tasks;
        }
        list.push_back({{"pid", process},
                        {"program", printable(page->header.program.data())},
                        {"up_seconds", now() - static_cast<double>(page->header.started_at) / 1e9},
                        {"loops", interval.loops().size()},
                        {"tasks", tasks},
                        {"pools", interval.pools().size()},
                        {"observed", is_observed(process)}});
    }
    if (json) {
        std::cout << list.dump(2) << '\n';
        return;
    }
    if (list.empty()) {
        std::cout << "No program of yours runs an event loop of hocket.\n";
        return;
    }
    std::cout << bold(fmt::format("{:>8}  {:<24} {:>14} {:>6} {:>8} {:>6}  {}\n", "PID", "PROGRAM",
                                  "UP", "LOOPS", "TASKS", "POOLS", "OBSERVED"));
    for (const auto& row : list) {
        std::cout << fmt::format("{:>8}  {:<24} {:>14} {:>6} {:>8} {:>6}  {}\n",
                                 row["pid"].get<int>(), row["program"].get<std::string>(),
                                 format_age(row["up_seconds"].get<double>()),
                                 row["loops"].get<std::size_t>(), row["tasks"].get<std::size_t>(),
                                 row["pools"].get<std::size_t>(),
                                 row["observed"].get<bool>() ? green("yes") : dim("no"));
    }
}

} // namespace hocket::tool
