#include <hocket/process_pool_executor.hpp>

#include "crawl/coroutine_crawl.hpp"
#include "crawl/way_implementations.hpp"

namespace crawl {

bool crawl_with_workers(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                        Progress& progress, ChildProcesses& workers, hocket::RemoteExecutor& pool,
                        PageReader reader) {
    // Ctrl-C cancels the tasks that await a reader, and that ends the workers that read.
    const ReadPage read_elsewhere =
        [&](const web::PageFetch& page) -> hocket::Coro<web::PageContents> {
        co_return co_await pool.submit(reader, page.body(), page.url(), page.site());
    };
    const bool complete = run_coroutine_crawl(site, options, concurrency, progress, read_elsewhere);
    workers = child_processes(); // while they are there
    return complete;
}

bool crawl_with_processes(web::SiteCrawl& site, const CrawlOptions& options,
                          std::size_t concurrency, Progress& progress, ChildProcesses& workers,
                          PageReader reader) {
    hocket::ProcessPoolExecutor pool;
    return crawl_with_workers(site, options, concurrency, progress, workers, pool, reader);
}

} // namespace crawl
