#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "captured_output.hpp"
#include "colours.hpp"
#include "format.hpp"
#include "interval.hpp"
#include "observed_process.hpp"
#include "seen_tasks.hpp"
#include "styled_text.hpp"
#include "verbs.hpp"

namespace hocket::tool {

namespace {

/// What one look at a process found.
struct Look {
    std::vector<LoopView> loops;
    std::vector<PoolView> pools;
    std::vector<SeenTask> groups;
    struct Stack {
        SeenStack seen;
        std::vector<std::string> lines;
    };
    std::vector<Stack> stacks; // of blocked loops
    bool is_observed = false;
};

bool any_is_blocked(const Look& look) {
    return std::any_of(look.loops.begin(), look.loops.end(),
                       [](const LoopView& loop) { return loop.blocked > 0; });
}

Look look_at(pid_t process, Interval& interval, Symbols& symbols) {
    interval.look();
    Look look{interval.loops(), interval.pools(), {}, {}, false};
    std::optional<Observer> observer = Observer::find(process);
    if (!observer) {
        return look;
    }
    look.is_observed = true;
    if (any_is_blocked(look)) {
        for (SeenStack& stack : ask_stacks(*observer)) {
            std::vector<std::string> lines = symbols.describe(stack.frames);
            look.stacks.push_back({std::move(stack), std::move(lines)});
        }
    }
    look.groups = ask_groups(*observer);
    return look;
}

const Look::Stack* stack_of(const Look& look, const LoopView& loop) {
    const auto found =
        std::find_if(look.stacks.begin(), look.stacks.end(),
                     [&loop](const Look::Stack& stack) { return stack.seen.loop == loop.slot; });
    return loop.blocked > 0 && found != look.stacks.end() ? &*found : nullptr;
}

nlohmann::json json_of(pid_t process, const ProcessPage& page, const Look& look) {
    nlohmann::json loops = nlohmann::json::array();
    for (const LoopView& loop : look.loops) {
        nlohmann::json object = {{"loop", loop.slot},
                                 {"name", loop.name},
                                 {"thread", loop.thread},
                                 {"busy", loop.busy},
                                 {"lag_p50_seconds", loop.lag_p50},
                                 {"lag_p99_seconds", loop.lag_p99},
                                 {"lag_max_seconds", loop.lag_max},
                                 {"ready", loop.ready},
                                 {"steps_per_second", loop.steps_a_second},
                                 {"turns", loop.turns},
                                 {"tasks", loop.tasks},
                                 {"blocked_seconds", loop.blocked}};
        if (const Look::Stack* stack = stack_of(look, loop)) {
            object["blocked_by"] = stack->seen.id == 0 ? "a callback" : stack->seen.name;
            object["stack"] = stack->lines;
        }
        loops.push_back(std::move(object));
    }
    nlohmann::json pools = nlohmann::json::array();
    for (const PoolView& pool : look.pools) {
        pools.push_back({{"pool", pool.slot},
                         {"name", pool.name},
                         {"kind", pool.kind},
                         {"workers", pool.workers},
                         {"max_workers", pool.max_workers},
                         {"busy", pool.busy},
                         {"queued", pool.queued},
                         {"completed_per_second", pool.completed_a_second},
                         {"died", pool.died},
                         {"wait_p50_seconds", pool.wait_p50},
                         {"wait_p99_seconds", pool.wait_p99}});
    }
    nlohmann::json groups = nlohmann::json::array();
    for (const SeenTask& group : look.groups) {
        groups.push_back({{"loop", group.loop},
                          {"count", group.count},
                          {"first", group.name},
                          {"created_at", group.created_at.brief()},
                          {"waiting_at", group.waiting_at.brief()},
                          {"state", group.state},
                          {"waits_for", group.waits_for()}});
    }
    return {{"pid", process},  {"program", printable(page->header.program.data())},
            {"loops", loops},  {"pools", pools},
            {"tasks", groups}, {"observed", look.is_observed}};
}

// With colours, a bar stands before the part that is in use.
constexpr std::size_t bar_columns = 10;

std::string bar_heading() { return has_colours() ? std::string(bar_columns + 1, ' ') : ""; }

std::string bar_of(const LoopView& loop) {
    const auto style = loop.busy >= 0.9 ? red : loop.busy >= 0.7 ? yellow : green;
    return has_colours() ? bar(loop.busy, bar_columns, style) + ' ' : "";
}

std::string bar_of(const PoolView& pool) {
    const double in_use = static_cast<double>(pool.busy) /
                          static_cast<double>(std::max<std::uint64_t>(pool.max_workers, 1));
    return has_colours() ? bar(in_use, bar_columns, pool.queued > 0 ? yellow : green) + ' ' : "";
}

std::string lag_cell(double seconds) {
    const std::string text = fmt::format("{:>9}", format_duration(seconds));
    return seconds >= 0.1 ? red(text) : seconds >= 0.02 ? yellow(text) : text;
}

void print_loops(const Look& look) {
    std::cout << bold(fmt::format("{:<20} {}{:>6} {:>9} {:>9} {:>9} {:>8} {:>10} {:>8}\n", "LOOP",
                                  bar_heading(), "BUSY", "LAG P50", "P99", "MAX", "READY",
                                  "STEPS/S", "TASKS"));
    for (const LoopView& loop : look.loops) {
        std::cout << fmt::format("{:<20.20} {}{:>5.0f}% {} {} {} {:>8.1f} {:>10.0f} {:>8}\n",
                                 loop.name, bar_of(loop), 100 * loop.busy, lag_cell(loop.lag_p50),
                                 lag_cell(loop.lag_p99), lag_cell(loop.lag_max), loop.ready,
                                 loop.steps_a_second, loop.tasks);
        if (loop.blocked == 0) {
            continue;
        }
        std::string by;
        const Look::Stack* const stack = stack_of(look, loop);
        if (stack != nullptr) {
            by = stack->seen.id == 0 ? " by a callback"
                                     : fmt::format(" by '{}', created at {}", stack->seen.name,
                                                   stack->seen.created_at.brief());
        }
        std::cout << "  " << red(fmt::format("BLOCKED for {}{}", format_duration(loop.blocked), by))
                  << '\n';
        if (stack != nullptr) {
            for (const std::string& line : stack->lines) {
                if (line.find("hocket::engine::Reactor::") != line.npos) {
                    break; // the loop itself; `hocket stacks` shows that, too
                }
                std::cout << "    " << line << '\n';
            }
        }
    }
}

void print_pools(const Look& look) {
    if (look.pools.empty()) {
        return;
    }
    std::cout << '\n'
              << bold(fmt::format("{:<20} {:<10} {:>9} {}{:>6} {:>8} {:>10} {:>9} {:>9} {:>6}\n",
                                  "POOL", "KIND", "WORKERS", bar_heading(), "BUSY", "QUEUED",
                                  "DONE/S", "WAIT P50", "P99", "DIED"));
    for (const PoolView& pool : look.pools) {
        const std::string died = fmt::format("{:>6}", pool.died);
        std::cout << fmt::format(
            "{:<20.20} {:<10} {:>9} {}{:>6} {:>8} {:>10.0f} {} {} {}\n", pool.name, pool.kind,
            fmt::format("{}/{}", pool.workers, pool.max_workers), bar_of(pool), pool.busy,
            pool.queued, pool.completed_a_second, lag_cell(pool.wait_p50), lag_cell(pool.wait_p99),
            pool.died > 0 ? red(died) : died);
    }
}

void print_groups(const Look& look) {
    std::cout << '\n';
    if (!look.is_observed) {
        std::cout << "To see the tasks, start the program with HOCKET_OBSERVE=1, or call "
                     "hocket::observe() in it.\n";
        return;
    }
    if (look.groups.empty()) {
        std::cout << (any_is_blocked(look) ? "A blocked loop cannot list its tasks.\n"
                                           : "There are no tasks.\n");
        return;
    }
    std::cout << bold(fmt::format("{:>8}  {:<20} {:<32} {:<24} {}\n", "TASKS", "FIRST", "WAITS FOR",
                                  "WAITING AT", "CREATED AT"));
    constexpr std::size_t most_rows = 20;
    for (std::size_t i = 0; i < std::min(look.groups.size(), most_rows); ++i) {
        const SeenTask& group = look.groups[i];
        const std::string reason = fmt::format("{:<32.32}", group.waits_for());
        std::cout << fmt::format("{:>8}  {:<20.20} {} {:<24.24} {}\n", group.count, group.name,
                                 group.reason == "Lock" ? yellow(reason) : reason,
                                 group.waiting_at.brief(), group.created_at.brief());
    }
    if (look.groups.size() > most_rows) {
        std::cout << fmt::format("          and {} more groups\n", look.groups.size() - most_rows);
    }
}

void print(pid_t process, const ProcessPage& page, const Look& look) {
    std::cout << fmt::format("hocket top: {} ({})\n\n", printable(page->header.program.data()),
                             process);
    print_loops(look);
    print_pools(look);
    print_groups(look);
}

/// Replaces what is on the screen, without a moment in which it is empty. What does not fit is cut.
void redraw(const std::string& text) {
    winsize size{};
    ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    std::vector<StyledLine> lines = styled_lines(text);
    if (size.ws_row > 1 && lines.size() >= size.ws_row) {
        lines.resize(size.ws_row - 1U);
    }
    std::string screen = "\x1b[H";
    for (StyledLine& line : lines) {
        cut(line, size.ws_col);
        screen += for_terminal(line) + "\x1b[K\n";
    }
    std::cout << screen + "\x1b[J" << std::flush;
}

} // namespace

void top(const TopOptions& options) {
    const ProcessPage page(options.process);
    Interval interval(*page);
    Symbols symbols(options.process);
    interval.look();
    const std::chrono::duration<double> pause(options.interval);
    while (true) {
        std::this_thread::sleep_for(pause);
        if (has_ended(options.process)) {
            throw Problem(fmt::format("process {} has ended", options.process));
        }
        const Look look = look_at(options.process, interval, symbols);
        if (options.json) {
            std::cout << json_of(options.process, page, look).dump(options.once ? 2 : -1)
                      << std::endl;
        } else if (options.once || !is_terminal()) {
            print(options.process, page, look);
            std::cout << std::flush;
        } else {
            CapturedOutput output;
            print(options.process, page, look);
            const std::string text = output.text();
            output.end();
            redraw(text);
        }
        if (options.once) {
            return;
        }
    }
}

} // namespace hocket::tool
