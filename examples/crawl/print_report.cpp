#include "crawl/print_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "crawl/messages.hpp"
#include "crawl/style.hpp"

namespace crawl {
namespace {

constexpr std::size_t most_pages_not_kept_shown = 10;

/// A full disk makes one line for each page that follows: the first few tell as much as all.
void print_pages_not_kept(std::FILE* out, const web::SiteReport& report) {
    const std::size_t count = report.pages_not_kept();
    if (count == 0) return;
    fmt::print(
        out, "{}\n",
        coloured(out, Colour::red, counted(count, "page was not kept", "pages were not kept")));
    std::size_t left = most_pages_not_kept_shown;
    for (const web::PageReport& page : report.pages) {
        if (page.not_kept.empty()) continue;
        if (left-- == 0) break;
        fmt::print(out, "  {}  {}\n", page.url, coloured(out, Colour::red, page.not_kept));
    }
    if (count > most_pages_not_kept_shown)
        fmt::print(out, "  … and {} more\n", grouped(count - most_pages_not_kept_shown));
}

} // namespace

void print_report(std::FILE* out, const web::SiteReport& report) {
    fmt::print(out, "{} ({} of them HTML) with {} in {:.2f} s, {:.0f} pages/s\n",
               coloured(out, Colour::bold, counted(report.pages.size(), "page", "pages")),
               grouped(report.html_pages()), counted(report.words(), "word", "words"),
               report.seconds, report.pages_per_second());
    if (!report.redirects.empty())
        fmt::print(out, "{}\n", counted(report.redirects.size(), "redirect", "redirects"));
    print_broken_links(out, report, report.broken.size());
    print_pages_not_kept(out, report);
    if (report.interrupted)
        fmt::print(out, "{}\n",
                   coloured(out, Colour::red, "interrupted: this is what was found so far"));
}

void print_broken_links(std::FILE* out, const web::SiteReport& report, std::size_t limit) {
    if (report.broken.empty()) {
        fmt::print(out, "{}\n", coloured(out, Colour::green, "no broken links"));
        return;
    }
    fmt::print(
        out, "{}\n",
        coloured(out, Colour::red, counted(report.broken.size(), "broken link", "broken links")));
    const std::size_t shown = std::min(limit, report.broken.size());
    for (const web::BrokenLink& broken : std::span(report.broken).first(shown)) {
        fmt::print(out, "  {}  {}\n", broken.url, coloured(out, Colour::red, broken.message));
        if (broken.linked_from.empty()) continue;
        fmt::print(out, "      linked from {}", broken.linked_from.front());
        if (const auto others = broken.linked_from.size() - 1; others > 0)
            fmt::print(out, " and {}", counted(others, "other page", "other pages"));
        fmt::print(out, "\n");
    }
    if (shown < report.broken.size())
        fmt::print(out, "  … and {} more\n", grouped(report.broken.size() - shown));
}

} // namespace crawl
