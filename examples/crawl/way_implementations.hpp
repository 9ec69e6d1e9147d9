#pragma once

#include <cstddef>
#include <string_view>

#include "crawl/options.hpp"
#include "crawl/peak_memory.hpp"
#include "crawl/progress.hpp"
#include "web/page_contents.hpp"
#include "web/site_crawl.hpp"

/// The same work four ways. Each fetches until the crawl is done and returns true, or stops at
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

/// web::read_page, or something in its place.
using PageReader = web::PageContents (*)(std::string_view html, const web::Url& page,
                                         const web::Url& site);

/// As with coroutines, but the pages are read by worker processes, as many as there are processors.
/// One that dies has cost the page that it read: Problem::reader_died. Tells in `workers` which
/// processes there were at the end.
bool crawl_with_processes(web::SiteCrawl& site, const CrawlOptions& options,
                          std::size_t concurrency, Progress& progress, ChildProcesses& workers,
                          PageReader reader = web::read_page);

} // namespace crawl
