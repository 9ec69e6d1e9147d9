#pragma once

#include <cstddef>
#include <hocket/remote_executor.hpp>
#include <memory>
#include <string_view>

#include "crawl/options.hpp"
#include "crawl/peak_memory.hpp"
#include "crawl/progress.hpp"
#include "web/page_contents.hpp"
#include "web/site_crawl.hpp"

/// The same work in several ways. Each fetches until the crawl is done and returns true, or stops
/// at Ctrl-C and returns false.
namespace crawl {

/// One page after another, on one connection. Each fetch blocks.
bool crawl_sequentially(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress);

/// `threads` threads, each with a connection of its own. Each fetch blocks its thread.
bool crawl_with_threads(web::SiteCrawl& site, const CrawlOptions& options, std::size_t threads,
                        Progress& progress);

/// A task for each page, on one thread; a semaphore lets `concurrency` of them run at once.
bool crawl_with_coroutines(web::SiteCrawl& site, const CrawlOptions& options,
                           std::size_t concurrency, Progress& progress);

/// web::read_page, or something in its place.
using PageReader = web::PageContents (*)(std::string_view html, const web::Url& page,
                                         const web::Url& site);

/// As with coroutines, but the pages are read by the workers of `pool`. One that dies has cost the
/// page that it read: Problem::reader_died. Tells in `workers` which processes of this machine
/// there were at the end.
bool crawl_with_workers(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                        Progress& progress, ChildProcesses& workers, hocket::RemoteExecutor& pool,
                        PageReader reader = web::read_page);

/// The same with worker processes of this machine, as many as there are processors.
bool crawl_with_processes(web::SiteCrawl& site, const CrawlOptions& options,
                          std::size_t concurrency, Progress& progress, ChildProcesses& workers,
                          PageReader reader = web::read_page);

/// Joins the cluster of the options, or starts one, and waits until all its workers work.
std::unique_ptr<hocket::RemoteExecutor> join_cluster(const CrawlOptions& options);

} // namespace crawl
