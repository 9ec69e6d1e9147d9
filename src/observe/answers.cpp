#include "observe/answers.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include "engine/describe_frame.hpp"
#include "engine/status.hpp"
#include "engine/status_reading.hpp"
#include "observe/inspected_loop.hpp"
#include "observe/msgpack_writer.hpp"
#include "observe/task_list.hpp"
#include "observe/task_records.hpp"
#include "observe/thread_stack.hpp"
#include "observe/trace_answers.hpp"
#include "observe/worker.hpp"

namespace hocket::observer {

namespace {

using namespace std::chrono_literals;

/// How long to wait for a loop's list of tasks. A loop that needs longer is blocked.
constexpr std::chrono::milliseconds patience = 500ms;

std::uint64_t slot_of(const engine::LoopStatus& status) noexcept {
    const auto& loops = engine::status_page().loops;
    const engine::LoopStatus* const slot = &status;
    return slot >= loops.data() && slot < loops.data() + loops.size()
               ? static_cast<std::uint64_t>(slot - loops.data())
               : loops.size();
}

void write_place(MsgpackWriter& out, std::string_view key, const std::source_location& place) {
    out.string(key);
    if (place.line() == 0) {
        out.array(0);
        return;
    }
    out.array(3);
    out.string(place.file_name());
    out.number(std::uint64_t{place.line()});
    out.string(place.function_name());
}

std::string hello() {
    MsgpackWriter out;
    const engine::StatusHeader& header = engine::status_page().header;
    out.map(3);
    out.pair("version", std::uint64_t{header.version});
    out.pair("process", static_cast<std::uint64_t>(::getpid()));
    out.pair("program", std::string_view(header.program.data()));
    return out.bytes();
}

/// The lists of all loops that answered, with the loops' slots. `blocked` are those that did not.
struct Lists {
    std::vector<std::pair<std::uint64_t, std::unique_ptr<TaskRecords>>> complete;
    std::vector<std::uint64_t> blocked;
};

Lists list_tasks() {
    std::vector<std::pair<std::uint64_t, std::shared_ptr<TaskList>>> requested;
    Lists lists;
    for_each_loop([&](InspectedLoop& loop) {
        const engine::LoopStatus& status = loop.inspected_reactor().status();
        if (status.thread.load(std::memory_order_relaxed) == 0) {
            return; // does not run
        }
        auto list = std::make_shared<TaskList>(loop);
        list->request();
        requested.emplace_back(slot_of(status), std::move(list));
    });
    const auto until = std::chrono::steady_clock::now() + patience;
    for (auto& [slot, list] : requested) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        if (auto tasks = list->wait(std::max(left, 1ms))) {
            lists.complete.emplace_back(slot, std::move(tasks));
        } else {
            lists.blocked.push_back(slot);
        }
    }
    return lists;
}

std::string_view state_name(TaskRecord::State state) noexcept {
    switch (state) {
    case TaskRecord::State::ready: return "ready";
    case TaskRecord::State::waiting: return "waiting";
    case TaskRecord::State::running: return "running";
    }
    return "";
}

void write_state(MsgpackWriter& out, const TaskRecord& task) {
    write_place(out, "created_at", task.created_at);
    write_place(out, "waiting_at", task.waiting_at);
    out.pair("state", state_name(task.state));
    out.pair("for", task.state == TaskRecord::State::waiting ? task.reason.what : "");
    out.pair("task", task.reason.task);
    out.pair("fd", static_cast<std::uint64_t>(task.reason.fd + 1));
    out.pair("cancelling", task.cancelling);
}

std::string tasks() {
    const Lists lists = list_tasks();
    MsgpackWriter out;
    out.map(2);
    out.string("loops");
    out.array(static_cast<std::uint32_t>(lists.complete.size()));
    for (const auto& [slot, records] : lists.complete) {
        out.map(2);
        out.pair("loop", slot);
        out.string("tasks");
        out.array(static_cast<std::uint32_t>(records->list.size()));
        for (const TaskRecord& task : records->list) {
            out.map(10);
            out.pair("id", task.id);
            out.pair("name", task.name);
            write_state(out, task);
            out.string("awaited_by");
            out.array(static_cast<std::uint32_t>(task.awaited_by.size()));
            for (const std::uint64_t id : task.awaited_by) {
                out.number(id);
            }
        }
    }
    out.string("blocked");
    out.array(static_cast<std::uint32_t>(lists.blocked.size()));
    for (const std::uint64_t slot : lists.blocked) {
        out.number(slot);
    }
    return out.bytes();
}

/// Tasks that were created at the same place and wait at the same place for the same.
struct Alike {
    std::uint64_t loop;
    const void* created_at;
    const void* waiting_at;
    const char* reason;
    TaskRecord::State state;
    friend bool operator==(const Alike&, const Alike&) noexcept = default;
};

struct HashAlike {
    std::size_t operator()(const Alike& alike) const noexcept {
        std::size_t hash = alike.loop * 31 + static_cast<std::size_t>(alike.state);
        for (const void* part :
             {alike.created_at, alike.waiting_at, static_cast<const void*>(alike.reason)}) {
            hash = hash * 31 + std::hash<const void*>()(part);
        }
        return hash;
    }
};

/// A source_location is a pointer to data that the compiler generated for the place.
const void* token_of(const std::source_location& place) noexcept {
    return std::bit_cast<const void*>(place);
}

std::string groups() {
    const Lists lists = list_tasks();
    struct Group {
        std::uint64_t loop;
        std::uint64_t count;
        const TaskRecord* first;
    };
    std::vector<Group> found;
    std::unordered_map<Alike, std::size_t, HashAlike> index;
    std::unordered_map<std::uint64_t, const TaskRecord*> by_id;
    for (const auto& [slot, records] : lists.complete) {
        for (const TaskRecord& task : records->list) {
            by_id.emplace(task.id, &task);
            const Alike alike{slot, token_of(task.created_at), token_of(task.waiting_at),
                              task.reason.what, task.state};
            const auto [place, is_new] = index.try_emplace(alike, found.size());
            if (is_new) {
                found.push_back({slot, 0, &task});
            }
            ++found[place->second].count;
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Group& a, const Group& b) { return a.count > b.count; });
    MsgpackWriter out;
    out.map(2);
    out.string("groups");
    out.array(static_cast<std::uint32_t>(found.size()));
    for (const Group& group : found) {
        const auto other = by_id.find(group.first->reason.task);
        out.map(12);
        out.pair("loop", group.loop);
        out.pair("count", group.count);
        out.pair("id", group.first->id);
        out.pair("name", group.first->name);
        out.pair("task_name",
                 other != by_id.end() ? std::string_view(other->second->name) : std::string_view());
        write_state(out, *group.first);
    }
    out.string("blocked");
    out.array(static_cast<std::uint32_t>(lists.blocked.size()));
    for (const std::uint64_t slot : lists.blocked) {
        out.number(slot);
    }
    return out.bytes();
}

std::string stacks() {
    struct Found {
        std::optional<std::uint64_t> loop;
        ThreadStack stack;
    };
    std::vector<Found> found;
    bool main_runs_a_loop = false;
    for_each_loop([&](InspectedLoop& loop) {
        const engine::LoopStatus& status = loop.inspected_reactor().status();
        const auto thread = static_cast<pid_t>(status.thread.load(std::memory_order_relaxed));
        main_runs_a_loop = main_runs_a_loop || thread == ::getpid();
        if (thread != 0) {
            if (auto stack = stack_of(&loop, thread)) {
                found.push_back({slot_of(status), std::move(*stack)});
            }
        }
    });
    if (is_worker() && !main_runs_a_loop) {
        if (auto stack = stack_of(nullptr, ::getpid())) {
            found.push_back({std::nullopt, std::move(*stack)});
        }
    }
    MsgpackWriter out;
    out.map(1);
    out.string("stacks");
    out.array(static_cast<std::uint32_t>(found.size()));
    for (const auto& [loop, stack] : found) {
        out.map(6);
        out.string("loop");
        loop ? out.number(*loop) : out.nil();
        out.pair("id", stack.task.id);
        out.pair("name", std::string_view(stack.task.name.data()));
        write_place(out, "created_at", stack.task.created_at);
        out.string("frames");
        out.array(static_cast<std::uint32_t>(stack.frames.size()));
        for (const void* frame : stack.frames) {
            out.string(engine::describe_frame(frame));
        }
        out.string("locations");
        out.array(static_cast<std::uint32_t>(stack.frames.size()));
        for (const void* frame : stack.frames) {
            const engine::CodeLocation location = engine::locate_frame(frame);
            out.array(2);
            out.string(location.module);
            out.number(std::uint64_t{location.offset});
        }
    }
    return out.bytes();
}

} // namespace

std::string error(std::string_view what) {
    MsgpackWriter out;
    out.map(1);
    out.pair("error", what);
    return out.bytes();
}

std::string answer(const std::vector<std::string>& request, Session& session) {
    const std::string& verb = request.front();
    if (verb == "names") {
        return names(std::span(request).subspan(1));
    }
    if (request.size() != 1) {
        return error("the request '" + verb + "' takes no arguments");
    }
    if (verb == "hello") {
        return hello();
    }
    if (verb == "tasks") {
        return tasks();
    }
    if (verb == "groups") {
        return groups();
    }
    if (verb == "stacks") {
        return stacks();
    }
    if (verb == "record") {
        return record(session);
    }
    return error("unknown request '" + verb + "': hello, tasks, groups, stacks, record or names");
}

} // namespace hocket::observer
