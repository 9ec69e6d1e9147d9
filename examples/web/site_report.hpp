#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "web/page_fetch.hpp"

namespace web {

struct PageReport {
    std::string url;
    int status = 0;
    bool html = false;
    std::uint64_t bytes = 0;
    std::uint64_t words = 0;
    std::string not_kept; ///< why it could not be kept; empty: it is, or was not to be

    bool operator==(const PageReport&) const = default;
};

struct BrokenLink {
    std::string url;
    Problem problem = Problem::none;
    std::string message;
    std::vector<std::string> linked_from; ///< sorted; empty for the page the crawl began with

    bool operator==(const BrokenLink&) const = default;
};

struct RedirectReport {
    std::string from;
    std::string to;

    bool operator==(const RedirectReport&) const = default;
};

/// What a crawl found, every list sorted by URL, so that two crawls can be compared.
struct SiteReport {
    std::string way;   ///< "sequential", "threads", "coroutines" or "processes"
    std::string start; ///< the URL it began with
    double seconds = 0;
    std::uint64_t peak_memory_kib = 0; ///< that of its worker processes added
    std::uint64_t worker_processes = 0;
    bool interrupted = false;
    std::vector<PageReport> pages;
    std::vector<RedirectReport> redirects;
    std::vector<BrokenLink> broken;

    std::uint64_t words() const;
    std::size_t html_pages() const;
    std::size_t pages_not_kept() const;
    double pages_per_second() const;
};

std::string to_json(const SiteReport& report);
/// Throws JsonError when the text is not such a report.
SiteReport report_from_json(std::string_view text);

/// One line for every page, redirect and broken link that the two crawls do not agree on; empty
/// when they found exactly the same.
std::vector<std::string> differences(const SiteReport& a, const SiteReport& b);

} // namespace web
