#include "crawl/progress.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "crawl/messages.hpp"

namespace crawl {
namespace {

using namespace std::chrono_literals;

constexpr int bar_width = 24;

std::string bar(const web::SiteCrawl::Counts& counts) {
    const std::size_t known = counts.finished + counts.queued + counts.in_flight;
    const int filled = known == 0 ? 0 : static_cast<int>(counts.finished * bar_width / known);
    std::string text;
    for (int i = 0; i < bar_width; ++i) text += i < filled ? "█" : "░";
    return text;
}

} // namespace

Progress::Progress(std::string label)
    : label_(std::move(label)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_drawn_(start_) {}

double Progress::seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::update(const web::SiteCrawl::Counts& counts) {
    const auto now = Clock::now();
    if (now - last_drawn_ < (terminal_ ? 66ms : 2000ms)) return;
    last_drawn_ = now;
    draw(counts);
}

void Progress::finish(const web::SiteCrawl::Counts& counts) {
    draw(counts);
    if (terminal_) fmt::print(stderr, "\n");
}

void Progress::draw(const web::SiteCrawl::Counts& counts) const {
    const double elapsed = seconds();
    const auto rate =
        static_cast<std::uint64_t>(static_cast<double>(counts.finished) / std::max(elapsed, 0.001));
    const std::string numbers = fmt::format(
        "{:>7} pages  {:>6} queued  {:>4} in flight  {:>4} broken  {:>7} pages/s  {:6.2f} s",
        grouped(counts.finished), grouped(counts.queued), counts.in_flight, counts.broken,
        grouped(rate), elapsed);
    if (terminal_) {
        // Back to the first column, and erase what was there.
        fmt::print(stderr, "\r\x1b[2K  {:<11} {} {}", label_, bar(counts), numbers);
    } else {
        fmt::print(stderr, "  {:<11} {}\n", label_, numbers);
    }
    std::fflush(stderr);
}

} // namespace crawl
