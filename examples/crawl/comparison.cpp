#include "crawl/comparison.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "crawl/messages.hpp"
#include "crawl/style.hpp"

namespace crawl {
namespace {

constexpr std::size_t most_differences_shown = 20;
constexpr int bar_width = 30;

std::string rate(const web::SiteReport& report) {
    return grouped(static_cast<std::uint64_t>(report.pages_per_second() + 0.5));
}

} // namespace

void print_comparison(std::FILE* out, const std::vector<web::SiteReport>& reports) {
    double fastest = 0;
    for (const auto& report : reports) fastest = std::max(fastest, report.pages_per_second());

    fmt::print(out, "\n{}\n",
               coloured(out, Colour::bold,
                        fmt::format("  {:<12}{:>9}{:>10}{:>10}{:>14}", "way", "seconds", "pages/s",
                                    "speed-up", "peak memory")));
    for (const auto& report : reports) {
        const double speed_up = report.seconds > 0 ? reports.front().seconds / report.seconds : 0;
        fmt::print(out, "  {:<12}{:>9.2f}{:>10}{:>9.1f}×{:>10.1f} MiB  {}\n", report.way,
                   report.seconds, rate(report), speed_up,
                   static_cast<double>(report.peak_memory_kib) / 1024,
                   coloured(out, Colour::cyan, bar(report.pages_per_second(), fastest, bar_width)));
    }
    for (const auto& report : reports)
        if (report.worker_processes > 0)
            fmt::print(out, "  The memory of \"{}\" is that of {} added up.\n", report.way,
                       counted(report.worker_processes + 1, "process", "processes"));
    fmt::print(out, "\n");
}

bool print_agreement(std::FILE* out, const std::vector<web::SiteReport>& reports) {
    std::vector<std::string> lines;
    for (std::size_t i = 1; i < reports.size(); ++i) {
        const auto more = web::differences(reports.front(), reports[i]);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    const web::SiteReport& first = reports.front();
    if (lines.empty()) {
        const std::string found = fmt::format(
            "{} ways found exactly the same: {}, {}, {}.",
            reports.size() == 2 ? "Both" : fmt::format("All {}", reports.size()),
            counted(first.pages.size(), "page", "pages"), counted(first.words(), "word", "words"),
            counted(first.broken.size(), "broken link", "broken links"));
        fmt::print(out, "{}\n", coloured(out, Colour::green, found));
        return true;
    }
    fmt::print(out, "{}\n",
               coloured(out, Colour::red,
                        fmt::format("The ways disagree in {} places:", grouped(lines.size()))));
    for (std::size_t i = 0; i < std::min(lines.size(), most_differences_shown); ++i)
        fmt::print(out, "  {}\n", lines[i]);
    return false;
}

} // namespace crawl
