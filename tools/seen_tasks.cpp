#include "seen_tasks.hpp"

#include <map>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "engine/demangled.hpp"
#include "format.hpp"

namespace hocket::tool {

namespace {

using Fields = std::map<std::string, msgpack::object>;

std::string name_of(const Fields& fields) {
    std::string name = printable(fields.at("name").as<std::string>());
    return name.empty() ? fmt::format("Task-{}", fields.at("id").as<std::uint64_t>()) : name;
}

SeenTask task_of(const Fields& fields) {
    SeenTask task;
    task.id = fields.at("id").as<std::uint64_t>();
    task.name = name_of(fields);
    task.created_at = place_of(fields.at("created_at"));
    task.waiting_at = place_of(fields.at("waiting_at"));
    task.state = printable(fields.at("state").as<std::string>());
    task.reason = printable(fields.at("for").as<std::string>());
    task.task = fields.at("task").as<std::uint64_t>();
    task.cancelling = fields.at("cancelling").as<bool>();
    return task;
}

std::vector<Frame> frames_of(const Fields& fields) {
    std::vector<Frame> frames;
    const auto locations =
        fields.at("locations").as<std::vector<std::pair<std::string, std::uint64_t>>>();
    for (const auto& text : fields.at("frames").as<std::vector<std::string>>()) {
        const auto& [module, offset] = locations.at(frames.size());
        frames.push_back({printable(text), module, offset});
    }
    return frames;
}

/// Calls `read` with the answer.
template <class F> void ask(Observer& observer, const std::string& what, const F& read) {
    const auto fail = [] {
        throw Problem("the program was built with another version of hocket than this command");
    };
    try {
        const msgpack::object_handle answer = observer.ask(what);
        read(answer->as<Fields>());
    } catch (const std::out_of_range&) { // a field is missing
        fail();
    } catch (const msgpack::type_error&) {
        fail();
    } catch (const msgpack::unpack_error&) {
        fail();
    }
}

} // namespace

Place place_of(const msgpack::object& object) {
    const auto parts = object.as<std::vector<msgpack::object>>();
    if (parts.size() != 3) {
        return {};
    }
    return {printable(parts[0].as<std::string>()), parts[1].as<std::uint64_t>(),
            demangled(parts[2].as<std::string>().c_str())};
}

std::string Place::brief() const {
    return line == 0 ? "an unknown place"
                     : fmt::format("{}:{}", file.substr(file.rfind('/') + 1), line);
}

std::string SeenTask::waits_for() const {
    if (state != "waiting") {
        return state;
    }
    if (task == 0) {
        return reason;
    }
    const std::string other = task_name.empty() ? fmt::format("Task-{}", task) : task_name;
    return reason == "Lock" ? fmt::format("Lock held by '{}'", other)
                            : fmt::format("{} '{}'", reason, other);
}

SeenTasks ask_tasks_and_blocked(Observer& observer) {
    SeenTasks seen;
    std::vector<SeenTask>& tasks = seen.tasks;
    ask(observer, "tasks", [&](const Fields& answer) {
        seen.blocked = answer.at("blocked").as<std::vector<std::uint64_t>>();
        for (const auto& loop : answer.at("loops").as<std::vector<Fields>>()) {
            for (const auto& fields : loop.at("tasks").as<std::vector<Fields>>()) {
                SeenTask task = task_of(fields);
                task.loop = loop.at("loop").as<std::uint64_t>();
                task.awaited_by = fields.at("awaited_by").as<std::vector<std::uint64_t>>();
                tasks.push_back(std::move(task));
            }
        }
    });
    std::unordered_map<std::uint64_t, std::string> names;
    for (const SeenTask& task : tasks) {
        names.emplace(task.id, task.name);
    }
    for (SeenTask& task : tasks) {
        if (const auto other = names.find(task.task); other != names.end()) {
            task.task_name = other->second;
        }
    }
    return seen;
}

std::vector<SeenTask> ask_tasks(Observer& observer) {
    return std::move(ask_tasks_and_blocked(observer).tasks);
}

std::vector<SeenTask> ask_groups(Observer& observer) {
    std::vector<SeenTask> groups;
    ask(observer, "groups", [&](const Fields& answer) {
        for (const auto& fields : answer.at("groups").as<std::vector<Fields>>()) {
            SeenTask group = task_of(fields);
            group.loop = fields.at("loop").as<std::uint64_t>();
            group.count = fields.at("count").as<std::uint64_t>();
            group.task_name = printable(fields.at("task_name").as<std::string>());
            groups.push_back(std::move(group));
        }
    });
    return groups;
}

std::vector<SeenStack> ask_stacks(Observer& observer) {
    std::vector<SeenStack> stacks;
    ask(observer, "stacks", [&](const Fields& answer) {
        for (const auto& fields : answer.at("stacks").as<std::vector<Fields>>()) {
            const msgpack::object& loop = fields.at("loop");
            stacks.push_back(
                {loop.is_nil() ? std::nullopt : std::optional(loop.as<std::uint64_t>()),
                 fields.at("id").as<std::uint64_t>(), name_of(fields),
                 place_of(fields.at("created_at")), frames_of(fields)});
        }
    });
    return stacks;
}

} // namespace hocket::tool
