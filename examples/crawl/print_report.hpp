#pragma once

#include <cstddef>
#include <cstdio>

#include "web/site_report.hpp"

namespace crawl {

/// Pages, words, time and broken links, for people.
void print_report(std::FILE* out, const web::SiteReport& report);

/// Each broken link with what was wrong and where it was found, at most `limit` of them.
void print_broken_links(std::FILE* out, const web::SiteReport& report, std::size_t limit);

} // namespace crawl
