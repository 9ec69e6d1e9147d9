#pragma once

#include <chrono>
#include <string>

#include "web/site_crawl.hpp"

namespace crawl {

/// Shows on stderr how a crawl goes: one line that rewrites itself on a terminal, else a line
/// every two seconds. One thread at a time may call it.
class Progress {
public:
    explicit Progress(std::string label);

    /// After every page; it is drawn only as often as eyes can follow.
    void update(const web::SiteCrawl::Counts& counts);

    /// Draws the last state and ends the line.
    void finish(const web::SiteCrawl::Counts& counts);

    double seconds() const;

private:
    using Clock = std::chrono::steady_clock;

    void draw(const web::SiteCrawl::Counts& counts) const;

    std::string label_;
    bool terminal_;
    Clock::time_point start_;
    Clock::time_point last_drawn_;
};

} // namespace crawl
