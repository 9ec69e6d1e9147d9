#pragma once

#include "crawl/options.hpp"
#include "web/site_report.hpp"

namespace crawl {

/// Crawls the site in the way the options say, with live progress on stderr. Ctrl-C ends it early:
/// the report then says `interrupted` and has what was found so far.
web::SiteReport crawl_site(const CrawlOptions& options);

} // namespace crawl
