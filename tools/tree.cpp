#include <algorithm>
#include <iostream>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "colours.hpp"
#include "observed_process.hpp"
#include "seen_tasks.hpp"
#include "verbs.hpp"

namespace hocket::tool {

namespace {

/// More children that are alike are shown as one line.
constexpr std::size_t most_alike = 10;
/// Deeper chains are cut off, with a note.
constexpr std::size_t deepest = 60;

/// Tasks with an arrow from each to those that it waits for: the tasks it awaits, and the holder of
/// the lock it waits for.
class Graph {
public:
    explicit Graph(std::vector<SeenTask> tasks) : tasks_(std::move(tasks)) {
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            by_id_.emplace(tasks_[i].id, i);
        }
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            for (const std::uint64_t id : tasks_[i].awaited_by) {
                connect(id, tasks_[i].id);
            }
            if (tasks_[i].reason == "Lock" && tasks_[i].task != 0) {
                connect(tasks_[i].id, tasks_[i].task);
            }
        }
        find_cycles();
    }

    void print(const std::string& only) {
        std::size_t found = 0;
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            if (only.empty() ? waited_for_.count(i) == 0 : tasks_[i].name == only) {
                roots_.push_back(i);
                ++found;
            }
        }
        if (found == 0 && !only.empty()) {
            throw Problem(fmt::format("there is no task called '{}'", only));
        }
        print_siblings(roots_, "", 0);
        if (only.empty()) {
            for (std::size_t i = 0; i < tasks_.size(); ++i) { // those on cycles have no root
                if (printed_.count(i) == 0 && in_cycle_.count(i) != 0) {
                    print_siblings({i}, "", 0);
                }
            }
        }
    }

    [[nodiscard]] nlohmann::json json(const std::string& only) const {
        nlohmann::json list = nlohmann::json::array();
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            const SeenTask& task = tasks_[i];
            if (!only.empty() && task.name != only) {
                continue;
            }
            nlohmann::json waits_for_tasks = nlohmann::json::array();
            if (const auto found = waits_for_.find(i); found != waits_for_.end()) {
                for (const std::size_t other : found->second) {
                    waits_for_tasks.push_back(tasks_[other].id);
                }
            }
            list.push_back({{"loop", task.loop},
                            {"id", task.id},
                            {"name", task.name},
                            {"created_at", task.created_at.brief()},
                            {"waiting_at", task.waiting_at.brief()},
                            {"state", task.state},
                            {"waits_for", task.waits_for()},
                            {"tasks", waits_for_tasks},
                            {"in_cycle", in_cycle_.count(i) != 0},
                            {"cancelling", task.cancelling}});
        }
        return list;
    }

private:
    void connect(std::uint64_t from, std::uint64_t to) {
        const auto a = by_id_.find(from);
        const auto b = by_id_.find(to);
        if (a != by_id_.end() && b != by_id_.end()) {
            waits_for_[a->second].push_back(b->second);
            waited_for_.insert(b->second);
        }
    }

    /// Tarjan's strongly connected components, without recursion: chains may be long.
    void find_cycles() {
        struct Visit {
            std::size_t task;
            std::size_t next = 0;
        };
        std::unordered_map<std::size_t, std::size_t> index;
        std::unordered_map<std::size_t, std::size_t> low;
        std::vector<std::size_t> open;
        std::unordered_set<std::size_t> is_open;
        for (const auto& [start, ignored] : waits_for_) {
            if (index.count(start) != 0) {
                continue;
            }
            std::vector<Visit> stack{{start}};
            while (!stack.empty()) {
                Visit& visit = stack.back();
                const std::size_t task = visit.task;
                if (visit.next == 0 && index.count(task) == 0) {
                    index[task] = low[task] = index.size();
                    open.push_back(task);
                    is_open.insert(task);
                }
                const auto edges = waits_for_.find(task);
                if (edges != waits_for_.end() && visit.next < edges->second.size()) {
                    const std::size_t other = edges->second[visit.next++];
                    if (index.count(other) == 0) {
                        stack.push_back({other});
                    } else if (is_open.count(other) != 0) {
                        low[task] = std::min(low[task], index[other]);
                    }
                    continue;
                }
                if (low[task] == index[task]) {
                    close_component(task, open, is_open);
                }
                stack.pop_back();
                if (!stack.empty()) {
                    std::size_t& above = low[stack.back().task];
                    above = std::min(above, low[task]);
                }
            }
        }
    }

    void close_component(std::size_t root, std::vector<std::size_t>& open,
                         std::unordered_set<std::size_t>& is_open) {
        const auto begin = std::find(open.rbegin(), open.rend(), root).base() - 1;
        if (open.end() - begin > 1) {
            in_cycle_.insert(begin, open.end());
        }
        for (auto task = begin; task != open.end(); ++task) {
            is_open.erase(*task);
        }
        open.erase(begin, open.end());
    }

    [[nodiscard]] std::string key_of(std::size_t i) const {
        const SeenTask& task = tasks_[i];
        return task.created_at.brief() + '|' + task.waiting_at.brief() + '|' + task.waits_for();
    }

    void print_siblings(const std::vector<std::size_t>& siblings, const std::string& indent,
                        std::size_t depth) {
        std::unordered_map<std::string, std::size_t> alike;
        if (siblings.size() > most_alike) {
            for (const std::size_t i : siblings) {
                if (waits_for_.count(i) == 0) {
                    ++alike[key_of(i)];
                }
            }
        }
        for (std::size_t n = 0; n < siblings.size(); ++n) {
            const std::size_t i = siblings[n];
            const bool is_last = n + 1 == siblings.size();
            const std::string branch = depth == 0 ? "" : is_last ? "└── " : "├── ";
            const std::string below = depth == 0 ? "" : is_last ? "    " : "│   ";
            if (waits_for_.count(i) == 0 && !alike.empty()) {
                std::size_t& count = alike[key_of(i)];
                if (count == 0) {
                    continue; // in a line that was printed
                }
                if (count > most_alike) {
                    std::cout << indent << branch << fmt::format("{} tasks like ", count);
                    count = 0;
                    print_line(i);
                    continue;
                }
            }
            std::cout << indent << branch;
            print_one(i, indent + below, depth);
        }
    }

    void print_one(std::size_t i, const std::string& indent, std::size_t depth) {
        const bool again = !printed_.insert(i).second;
        if (again) {
            std::cout << tasks_[i].name
                      << (in_cycle_.count(i) != 0 ? red(" (CYCLE: see above)") : " (see above)")
                      << '\n';
            return;
        }
        print_line(i);
        const auto below = waits_for_.find(i);
        if (below == waits_for_.end()) {
            return;
        }
        if (depth == deepest) {
            std::cout << indent << "└── … (deeper; use --task)\n";
            return;
        }
        print_siblings(below->second, indent, depth + 1);
    }

    void print_line(std::size_t i) const {
        const SeenTask& task = tasks_[i];
        const std::string reason = task.waits_for();
        std::cout << bold(task.name) << ": " << (task.reason == "Lock" ? yellow(reason) : reason)
                  << dim(", at " + task.waiting_at.brief())
                  << (task.cancelling ? ", cancelling" : "")
                  << (in_cycle_.count(i) != 0 ? red(" CYCLE") : "") << '\n';
    }

    std::vector<SeenTask> tasks_;
    std::unordered_map<std::uint64_t, std::size_t> by_id_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> waits_for_;
    std::unordered_set<std::size_t> waited_for_;
    std::unordered_set<std::size_t> in_cycle_;
    std::unordered_set<std::size_t> printed_;
    std::vector<std::size_t> roots_;
};

} // namespace

void tree(pid_t process, const std::string& task, bool json) {
    Observer observer(process);
    SeenTasks seen = ask_tasks_and_blocked(observer);
    const bool is_empty = seen.tasks.empty();
    Graph graph(std::move(seen.tasks));
    if (json) {
        std::cout << graph.json(task).dump(2) << '\n';
        return;
    }
    for (const std::uint64_t loop : seen.blocked) {
        std::cout << red(fmt::format("loop {} is blocked and cannot list its tasks", loop))
                  << fmt::format(": hocket stacks {} shows what it does\n", process);
    }
    if (!is_empty || !task.empty()) {
        graph.print(task);
    } else if (seen.blocked.empty()) {
        std::cout << "There are no tasks.\n";
    }
}

} // namespace hocket::tool
