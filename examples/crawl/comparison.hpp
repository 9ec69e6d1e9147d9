#pragma once

#include <cstdio>
#include <vector>

#include "web/site_report.hpp"

namespace crawl {

/// A row for each way: seconds, pages/s, speed-up over the first, peak memory, and a bar.
void print_comparison(std::FILE* out, const std::vector<web::SiteReport>& reports);

/// Says that all ways found exactly the same, or what they do not agree on. Returns whether.
bool print_agreement(std::FILE* out, const std::vector<web::SiteReport>& reports);

} // namespace crawl
