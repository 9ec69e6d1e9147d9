#include "observe/open_metrics.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/status_reading.hpp"
#include "engine/ticks.hpp"

namespace hocket::observer {

namespace {

using engine::Counter;
using engine::LoopStatus;
using engine::PoolStatus;
using engine::TickHistogram;

std::uint64_t read(const Counter& counter) noexcept {
    return counter.load(std::memory_order_relaxed);
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\' || c == '"') {
            result += '\\';
        }
        if (c == '\n') {
            result += "\\n";
        } else {
            result += c;
        }
    }
    return result;
}

std::string decimal(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    return {digits.begin(), end};
}

/// The open slots of a page, with their labels.
template <class Slot> struct Labelled {
    const Slot* slot;
    std::string labels;
};

template <class Slots> auto open_slots(const Slots& slots, std::string_view kind) {
    using Slot = typename Slots::value_type;
    std::vector<Labelled<Slot>> open;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].is_open.load(std::memory_order_acquire) == 1) {
            open.push_back({&slots[i], std::string(kind) + "=\"" + std::to_string(i) +
                                           "\",name=\"" + escaped(engine::status_name(slots[i])) +
                                           '"'});
        }
    }
    return open;
}

class Text {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        line("# TYPE ", type);
        line("# HELP ", help);
    }
    void sample(std::string_view suffix, std::string_view labels, std::string_view value) {
        text_.append(name_).append(suffix).append("{").append(labels).append("} ").append(value);
        text_ += '\n';
    }
    void sample(std::string_view suffix, std::string_view labels, std::uint64_t value) {
        sample(suffix, labels, std::to_string(value));
    }
    [[nodiscard]] std::string end() {
        text_ += "# EOF\n";
        return std::move(text_);
    }

private:
    void line(std::string_view what, std::string_view text) {
        text_.append(what).append(name_).append(" ").append(text);
        text_ += '\n';
    }
    std::string text_;
    std::string_view name_;
};

/// One bucket an octave, because more would be a lot of text.
void write_histogram(Text& text, const std::string& labels, const TickHistogram& histogram,
                     const engine::TickLength& length) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < TickHistogram::size; ++i) {
        count += read(histogram.counts[i]);
        const bool ends_octave = i % 4 == 3 && i >= 19; // what is shorter is noise
        if (ends_octave && i + 1 < TickHistogram::size) {
            const double seconds =
                static_cast<double>(TickHistogram::least_of(i + 1)) * length.nanoseconds() / 1e9;
            text.sample("_bucket", labels + ",le=\"" + decimal(seconds) + '"', count);
        }
    }
    text.sample("_bucket", labels + ",le=\"+Inf\"", count);
}

template <class Slot, class Read>
void write_each(Text& text, const std::vector<Labelled<Slot>>& slots, std::string_view suffix,
                Read value_of) {
    for (const auto& [slot, labels] : slots) {
        text.sample(suffix, labels, value_of(*slot));
    }
}

void write_loops(Text& text, const engine::StatusPage& page, const engine::TickLength& length,
                 std::uint64_t now) {
    const auto loops = open_slots(page.loops, "loop");
    text.family("hocket_loop_turns", "counter", "Completed turns of an event loop.");
    write_each(text, loops, "_total", [](const LoopStatus& loop) { return read(loop.turns); });
    text.family("hocket_loop_steps", "counter", "Steps of tasks and callbacks.");
    write_each(text, loops, "_total", [](const LoopStatus& loop) { return read(loop.steps); });
    text.family("hocket_loop_polls", "counter", "How often the kernel was asked for events.");
    write_each(text, loops, "_total", [](const LoopStatus& loop) { return read(loop.polls); });
    text.family("hocket_loop_slow_callbacks", "counter", "Reported slow callbacks.");
    write_each(text, loops, "_total",
               [](const LoopStatus& loop) { return read(loop.slow_callbacks); });
    text.family("hocket_loop_tasks", "gauge", "Tasks that are not done.");
    write_each(text, loops, "", [](const LoopStatus& loop) {
        const std::uint64_t ended = read(loop.tasks_ended);
        return read(loop.tasks_started) - ended;
    });
    const auto seconds = [&length](std::uint64_t ticks) {
        return decimal(static_cast<double>(ticks) * length.nanoseconds() / 1e9);
    };
    text.family("hocket_loop_busy_seconds", "counter", "Time in which a loop was not asleep.");
    write_each(text, loops, "_total", [&](const LoopStatus& loop) {
        return seconds(now - read(loop.opened_at) - engine::ticks_asleep(loop, now));
    });
    text.family("hocket_loop_asleep_seconds", "counter", "Time in which a loop had nothing to do.");
    write_each(text, loops, "_total",
               [&](const LoopStatus& loop) { return seconds(engine::ticks_asleep(loop, now)); });
    text.family("hocket_loop_lag_seconds", "histogram",
                "How long a loop was busy between two times at which it asked for events.");
    for (const auto& [slot, labels] : loops) {
        write_histogram(text, labels, slot->lag, length);
    }
}

void write_pools(Text& text, const engine::StatusPage& page, const engine::TickLength& length) {
    const auto pools = open_slots(page.pools, "pool");
    text.family("hocket_pool_workers", "gauge", "Workers that have started and not ended.");
    write_each(text, pools, "", [](const PoolStatus& pool) { return read(pool.workers); });
    text.family("hocket_pool_busy", "gauge", "Workers that run something.");
    write_each(text, pools, "", [](const PoolStatus& pool) { return engine::work_of(pool).busy; });
    text.family("hocket_pool_queued", "gauge", "Work that has not started.");
    write_each(text, pools, "",
               [](const PoolStatus& pool) { return engine::work_of(pool).queued; });
    text.family("hocket_pool_submitted", "counter", "Submitted work.");
    write_each(text, pools, "_total",
               [](const PoolStatus& pool) { return engine::work_of(pool).submitted; });
    text.family("hocket_pool_completed", "counter", "Completed work.");
    write_each(text, pools, "_total",
               [](const PoolStatus& pool) { return engine::work_of(pool).completed; });
    text.family("hocket_pool_died", "counter", "Workers that died.");
    write_each(text, pools, "_total", [](const PoolStatus& pool) { return read(pool.died); });
    text.family("hocket_pool_wait_seconds", "histogram", "The time from submission to start.");
    for (const auto& [slot, labels] : pools) {
        write_histogram(text, labels, slot->wait, length);
    }
}

} // namespace

std::string open_metrics(const engine::StatusPage& page) {
    Text text;
    const engine::TickLength length(page.header);
    write_loops(text, page, length, engine::ticks());
    write_pools(text, page, length);
    return text.end();
}

} // namespace hocket::observer
