#include <hocket/choose.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

#include "choose/format_quantity.hpp"
#include "choose/recommended_code.hpp"

namespace hocket {

namespace choosing {

namespace {

// The last column is not aligned.
constexpr std::size_t columns = 8;
using Line = std::array<std::string, columns>;

// Characters of UTF-8, not bytes.
std::size_t shown_width(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

Line table_line(const Choice::Row& row) {
    Line line{std::string(to_string(row.model)), "–", "–", "–", "–", "–", "–", row.reason};
    if (!row.items_per_second) {
        return line;
    }
    line[1] = std::to_string(row.workers);
    line[2] = format_rate(*row.items_per_second);
    line[3] = row.interval.low == row.interval.high
                  ? "one run"
                  : format_rate(row.interval.low) + "–" + format_rate(row.interval.high);
    if (row.p99) {
        line[4] = format_duration(row.p99->count());
    }
    line[5] = format_duration(row.cpu_per_item.count());
    line[6] = std::to_string(row.memory >> 20) + " MiB";
    return line;
}

std::string table(const Choice& choice) {
    std::vector<Line> lines{
        {"model", "workers", "items/s", "95 % interval", "p99", "CPU an item", "memory", "reason"}};
    for (const Choice::Row& row : choice.models) {
        lines.push_back(table_line(row));
    }
    std::string text;
    for (const Line& line : lines) {
        for (std::size_t i = 0; i + 1 < columns; ++i) {
            std::size_t width = 0;
            for (const Line& each : lines) {
                width = std::max(width, shown_width(each[i]));
            }
            const std::string padding(width - shown_width(line[i]), ' ');
            text += i == 0 ? line[i] + padding : padding + line[i];
            text += "  ";
        }
        text += line.back() + "\n";
    }
    return text;
}

std::string needs_sentence(const Choice::Needs& needs) {
    std::string text = "An item needs " + format_duration(needs.cpu.count()) +
                       " of CPU time and waits " + format_duration(needs.wait.count()) + ".";
    if (needs.packed_bytes) {
        text += " Packed for a process, it and its result are " +
                std::to_string(static_cast<long>(*needs.packed_bytes)) + " bytes, which takes " +
                format_duration(needs.packing.count()) + ".";
    }
    if (needs.thread_call) {
        text += " Handing over a call costs " + format_duration(needs.thread_call->count()) +
                " of CPU time for a thread";
        text += needs.process_call
                    ? " and " + format_duration(needs.process_call->count()) + " for a process."
                    : ".";
    }
    return text + "\n";
}

std::string answer_sentence(const Choice& choice) {
    if (choice.answer == ConcurrencyModel::none) {
        return "No answer: " + choice.reason + ".\n";
    }
    if (choice.answer == ConcurrencyModel::sequential) {
        return "Run it sequentially: " + choice.reason + ".\n";
    }
    return "Use " + std::string(to_string(choice.answer)) + " with " +
           std::to_string(choice.workers) + " workers: " + format_ratio(choice.speedup) +
           "× sequential (95 % interval " + format_ratio(choice.interval.low) + "–" +
           format_ratio(choice.interval.high) + "); " + choice.reason + ".\n";
}

// After how many items the start of the workers has paid off.
std::string start_sentence(const Choice& choice) {
    const Choice::Row& row = choice.row(choice.answer);
    const Choice::Row& alone = choice.row(ConcurrencyModel::sequential);
    if (row.start_time.count() <= 0 || *row.items_per_second <= *alone.items_per_second) {
        return {};
    }
    const double items =
        row.start_time.count() / (1 / *alone.items_per_second - 1 / *row.items_per_second);
    return items < 2 ? std::string()
                     : "Starting the workers takes " + format_duration(row.start_time.count()) +
                           ", which pays off from " + format_rate(items) + " items on.\n";
}

std::string other_cores(const Choice& choice) {
    std::string text = "On another number of CPUs, predicted:\n";
    for (const Choice::Prediction& each : choice.on_cores) {
        char cores[16];
        std::snprintf(cores, sizeof cores, "    %2zu", each.cores);
        text += cores + std::string(each.cores == 1 ? " CPU:  " : " CPUs: ") +
                std::string(to_string(each.model));
        if (each.model != ConcurrencyModel::sequential) {
            text += " × " + std::to_string(each.workers);
        }
        text += ", " + format_rate(each.items_per_second) + " items/s\n";
    }
    return text;
}

std::string indented(const std::string& code) {
    std::string text;
    for (std::size_t start = 0; start < code.size();) {
        const std::size_t end = code.find('\n', start) + 1;
        text += "    " + code.substr(start, end - start);
        start = end;
    }
    return text;
}

} // namespace

} // namespace choosing

std::string Choice::text() const {
    std::string report = choosing::needs_sentence(needs) + "\n" + choosing::table(*this) + "\n" +
                         choosing::answer_sentence(*this);
    for (const std::string& note : notes) {
        report += note + "\n";
    }
    if (answer == ConcurrencyModel::none) {
        return report;
    }
    return report + choosing::start_sentence(*this) + "\n" +
           choosing::indented(choosing::recommended_code(*this)) + "\n" +
           choosing::other_cores(*this);
}

} // namespace hocket
