#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "colours.hpp"
#include "seen_tasks.hpp"
#include "verbs.hpp"

namespace hocket::tool {

void stacks(pid_t process, bool json) {
    Observer observer(process);
    const std::vector<SeenStack> found = ask_stacks(observer);
    Symbols symbols(process);
    if (json) {
        nlohmann::json list = nlohmann::json::array();
        for (const SeenStack& stack : found) {
            list.push_back({{"loop", stack.loop ? nlohmann::json(*stack.loop) : nlohmann::json()},
                            {"task", stack.id == 0 ? "" : stack.name},
                            {"frames", symbols.describe(stack.frames)}});
        }
        std::cout << list.dump(2) << '\n';
        return;
    }
    if (found.empty()) {
        std::cout << "No loop runs, or its thread does not answer.\n";
    }
    for (const SeenStack& stack : found) {
        std::cout << bold(stack.loop ? fmt::format("loop {}", *stack.loop) : "worker process")
                  << (stack.id == 0 ? std::string()
                                    : fmt::format(", in '{}', created at {}", stack.name,
                                                  stack.created_at.brief()))
                  << '\n';
        for (const std::string& frame : symbols.describe(stack.frames)) {
            std::cout << "  " << frame << '\n';
        }
    }
}

} // namespace hocket::tool
