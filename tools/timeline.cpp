#include "timeline.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/status_reading.hpp"
#include "event_names.hpp"
#include "perfetto_writer.hpp"

namespace hocket::tool {

namespace {

using engine::TraceKind;

/// What the loop itself does between tasks is shown only if it takes longer than this: most of it
/// is shorter, and would hide the rest.
constexpr std::uint64_t shortest_shown = 1000; // ns

struct TaskNames {
    std::string name; ///< empty: it has none
    Place created_at;
};

/// A thread's part of the timeline.
struct Row {
    const TracedProcess* process;
    const TracedThread* thread;
    PerfettoWriter::Track track;
    bool is_working = false;           // in a pool's work
    bool is_in_step = false;           // in something that a loop runs
    ArrowNumber arrow = no_arrow;      // of the work, or of the result that has just arrived
    std::uint64_t loops_own_since = 0; // what a loop does between tasks began then
    const char* loops_own = nullptr;   // and is this
};

class Timeline {
public:
    Timeline(const std::list<TracedProcess>& processes, Period period, const std::string& path)
        : out_(path), period_(period), tick_((*processes.front().page()).header) {
        for (const TracedProcess& process : processes) {
            add(process);
        }
    }

    TimelineSummary write() {
        std::stable_sort(moments_.begin(), moments_.end(), [](const Moment& a, const Moment& b) {
            return a.event.time < b.event.time;
        });
        for (const Moment& moment : moments_) {
            show(moment);
        }
        const std::uint64_t last = moments_.empty() ? period_.begin : moments_.back().event.time;
        for (Row& row : rows_) {
            close_all(row, time_of(last));
        }
        out_.close();
        summary_.seconds = static_cast<double>(time_of(last)) / 1e9;
        summary_.bytes = out_.bytes();
        return summary_;
    }

private:
    struct Moment {
        TracedEvent event;
        std::size_t row;
        std::size_t index; // among the thread's events
    };
    struct Work {
        ArrowNumber arrow = no_arrow;
        std::string name;
    };
    using Key = std::pair<pid_t, std::uint64_t>;

    void add(const TracedProcess& process) {
        const auto pid = static_cast<std::uint32_t>(process.pid());
        const auto track = out_.add_process(pid, process.program());
        for (const auto& [number, thread] : process.threads()) {
            const std::size_t row = rows_.size();
            rows_.push_back({&process, &thread, out_.add_thread(track, pid, number, thread.name)});
            for (std::size_t i = 0; i < thread.events.size(); ++i) {
                learn(process, thread.events, i);
                const std::uint64_t time = thread.events[i].time;
                if (time >= period_.begin && time <= period_.end) {
                    moments_.push_back({thread.events[i], row, i});
                }
            }
        }
        for (const auto& [id, name] : process.names().tasks) {
            TaskNames& task = tasks_[{process.pid(), id}];
            task.name = name;
            task.created_at = process.names().task_places.at(id);
        }
    }

    void learn(const TracedProcess& process, const std::vector<TracedEvent>& events,
               std::size_t i) {
        const TracedEvent& event = events[i];
        if (event.kind == TraceKind::task_named) {
            tasks_[{process.pid(), event.value}].name = text_after(events, i);
        } else if (event.kind == TraceKind::task_created && i + 1 < events.size() &&
                   events[i + 1].kind == TraceKind::place) {
            TaskNames& task = tasks_[{process.pid(), event.value}];
            const auto place = process.names().places.find(events[i + 1].value);
            if (place != process.names().places.end()) {
                task.created_at = place->second;
            }
            if (std::string name = text_after(events, i + 1); !name.empty()) {
                task.name = std::move(name);
            }
        }
    }

    [[nodiscard]] std::uint64_t time_of(std::uint64_t ticks) const noexcept {
        return ticks < period_.begin
                   ? 0
                   : static_cast<std::uint64_t>(tick_.duration(ticks - period_.begin));
    }

    void show(const Moment& moment) {
        Row& row = rows_[moment.row];
        const TracedEvent& event = moment.event;
        const std::uint64_t time = time_of(event.time);
        switch (event.kind) {
        case TraceKind::step:
            end_step(row, time);
            begin_task(row, time, event.value);
            break;
        case TraceKind::callback:
            end_step(row, time);
            begin_slice(row, time, "callback");
            row.is_in_step = true;
            break;
        case TraceKind::dispatch:
            end_step(row, time);
            row.loops_own = event.value == 0 ? "timers" : "I/O events";
            row.loops_own_since = time;
            break;
        case TraceKind::turn_end:
            end_step(row, time);
            row.loops_own = "end of turn";
            row.loops_own_since = time;
            break;
        case TraceKind::asleep: end_step(row, time); break;
        case TraceKind::submit: {
            const Key key{row.process->pid(), event.value};
            Work& work = works_[key];
            work = {++arrows_,
                    name_of_submission(row.thread->events, moment.index, row.process->names())};
            out_.instant(row.track, time, work.name.empty() ? "submit" : "submit " + work.name,
                         work.arrow);
            break;
        }
        case TraceKind::run:
        case TraceKind::run_call: begin_work(row, time, moment); break;
        case TraceKind::run_end: close_all(row, time); break;
        case TraceKind::completed: {
            const auto work = works_.find({row.process->pid(), event.value});
            row.arrow = work == works_.end() ? no_arrow : work->second.arrow;
            if (row.arrow != no_arrow) {
                out_.instant(row.track, time, "result", row.arrow);
            }
            break;
        }
        case TraceKind::wakes: wake(row, time, event.value); break;
        case TraceKind::lost:
        case TraceKind::thread: close_all(row, time); break;
        case TraceKind::task_created:
        case TraceKind::task_named:
        case TraceKind::place:
        case TraceKind::text:
        case TraceKind::type:
        case TraceKind::function: break;
        }
    }

    void begin_slice(Row& row, std::uint64_t time, std::string_view name,
                     ArrowNumber arrow = no_arrow, const SliceDetails& details = {}) {
        out_.begin(row.track, time, name, arrow, details);
        ++summary_.slices;
    }

    void begin_task(Row& row, std::uint64_t time, std::uint64_t id) {
        const Key key{row.process->pid(), id};
        ArrowNumber arrow = no_arrow;
        if (const auto woken = woken_.find(key); woken != woken_.end()) {
            arrow = woken->second;
            woken_.erase(woken);
            ++summary_.arrows;
        }
        const std::string number = fmt::format("Task-{}", id);
        const auto task = tasks_.find(key);
        if (task == tasks_.end()) {
            begin_slice(row, time, number, arrow);
        } else {
            const bool has_name = !task->second.name.empty() && task->second.name != number;
            const bool has_place = task->second.created_at.line != 0;
            begin_slice(row, time,
                        has_name    ? task->second.name
                        : has_place ? "task of " + task->second.created_at.brief()
                                    : number,
                        arrow, {number, &task->second.created_at});
        }
        row.is_in_step = true;
    }

    void begin_work(Row& row, std::uint64_t time, const Moment& moment) {
        close_all(row, time);
        const Work* const work = work_of(*row.process, moment.event);
        row.arrow = work == nullptr ? no_arrow : work->arrow;
        row.is_working = true;
        const std::string name =
            work != nullptr && !work->name.empty()
                ? work->name
                : name_of_work(row.thread->events, moment.index, row.process->names());
        begin_slice(row, time, name, row.arrow);
    }

    /// What a `run` or `run_call` is about; nullptr if it was submitted before the recording.
    [[nodiscard]] const Work* work_of(const TracedProcess& process, const TracedEvent& run) const {
        // A worker process runs what its parent, or the parent of its fork server, has submitted.
        const std::vector<pid_t> owners = run.kind == TraceKind::run_call
                                              ? process.ancestors()
                                              : std::vector<pid_t>{process.pid()};
        for (const pid_t owner : owners) {
            if (const auto found = works_.find({owner, run.value}); found != works_.end()) {
                return &found->second;
            }
        }
        return nullptr;
    }

    void wake(Row& row, std::uint64_t time, std::uint64_t task) {
        ArrowNumber arrow = row.arrow;
        if (arrow == no_arrow) { // a future that a thread completed by hand
            arrow = ++arrows_;
            out_.instant(row.track, time, "wake", arrow);
        }
        woken_[{row.process->pid(), task}] = arrow;
    }

    void end_step(Row& row, std::uint64_t time) {
        if (row.is_in_step) {
            out_.end(row.track, time);
            row.is_in_step = false;
        }
        if (row.loops_own != nullptr && time - row.loops_own_since >= shortest_shown) {
            begin_slice(row, row.loops_own_since, row.loops_own);
            out_.end(row.track, time);
        }
        row.loops_own = nullptr;
        if (!row.is_working) {
            row.arrow = no_arrow;
        }
    }

    void close_all(Row& row, std::uint64_t time) {
        end_step(row, time);
        if (row.is_working) {
            out_.end(row.track, time);
            row.is_working = false;
        }
        row.arrow = no_arrow;
    }

    PerfettoWriter out_;
    Period period_;
    engine::TickLength tick_;
    std::vector<Row> rows_;
    std::vector<Moment> moments_;
    std::map<Key, TaskNames> tasks_;
    std::map<Key, Work> works_;
    std::map<Key, ArrowNumber> woken_; // tasks, and the arrows that lead to their next steps
    ArrowNumber arrows_ = no_arrow;    // the last number
    TimelineSummary summary_;
};

} // namespace

TimelineSummary write_timeline(const std::list<TracedProcess>& processes, Period period,
                               const std::string& path) {
    return Timeline(processes, period, path).write();
}

} // namespace hocket::tool
