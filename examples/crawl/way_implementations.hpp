#pragma once

#include <cstddef>

#include "crawl/options.hpp"
#include "crawl/progress.hpp"
#include "web/site_crawl.hpp"

/// The same work three ways. Each fetches until the crawl is done and returns true, or stops at
/// Ctrl-C and returns false.
namespace crawl {

/// One page after another, on one connection.
bool crawl_sequentially(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress);

/// `threads` threads, each with a connection of its own.
bool crawl_with_threads(web::SiteCrawl& site, const CrawlOptions& options, std::size_t threads,
                        Progress& progress);

/// A task for each page, on one thread; a semaphore lets `concurrency` of them run at once.
bool crawl_with_coroutines(web::SiteCrawl& site, const CrawlOptions& options,
                           std::size_t concurrency, Progress& progress);

} // namespace crawl
