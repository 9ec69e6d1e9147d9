#pragma once

#include <cstddef>
#include <functional>
#include <hocket/coro.hpp>

#include "crawl/options.hpp"
#include "crawl/progress.hpp"
#include "web/page_contents.hpp"
#include "web/page_fetch.hpp"
#include "web/site_crawl.hpp"

namespace crawl {

/// Reads the HTML of a page that was fetched, wherever. When it throws hocket::WorkerDied, only
/// that page is lost.
using ReadPage = std::function<hocket::Coro<web::PageContents>(const web::PageFetch& page)>;

/// A task for each page, on one thread; a semaphore lets `concurrency` of them run at once. True
/// when the crawl is done, false at Ctrl-C.
bool run_coroutine_crawl(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                         Progress& progress, const ReadPage& read_page);

} // namespace crawl
