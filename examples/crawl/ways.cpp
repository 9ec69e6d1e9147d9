#include "crawl/ways.hpp"

#include "crawl/peak_memory.hpp"
#include "crawl/progress.hpp"
#include "crawl/way_implementations.hpp"
#include "web/site_crawl.hpp"

namespace crawl {
namespace {

bool crawl_in_way(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress,
                  ChildProcesses& workers, hocket::RemoteExecutor* cluster) {
    switch (options.way) {
    case Way::sequential: return crawl_sequentially(site, options, progress);
    case Way::threads:
        return crawl_with_threads(site, options, options.concurrency.value_or(32), progress);
    case Way::processes:
        return crawl_with_processes(site, options, options.concurrency.value_or(16), progress,
                                    workers);
    case Way::ray:
    case Way::dask:
        return crawl_with_workers(site, options, options.concurrency.value_or(16), progress,
                                  workers, *cluster);
    case Way::coroutines: break;
    }
    return crawl_with_coroutines(site, options, options.concurrency.value_or(16), progress);
}

} // namespace

web::SiteReport crawl_site(const CrawlOptions& options) {
    web::SiteCrawl site(options.start, options.limit);
    // Joining a cluster takes seconds and is not part of the crawl.
    const auto cluster = is_on_cluster(options.way) ? join_cluster(options) : nullptr;
    Progress progress(way_name(options.way));
    ChildProcesses workers;
    const bool complete = crawl_in_way(site, options, progress, workers, cluster.get());
    const double seconds = progress.seconds();
    progress.finish(site.counts());

    web::SiteReport report = site.report();
    report.way = way_name(options.way);
    report.seconds = seconds;
    report.interrupted = !complete;
    report.peak_memory_kib = peak_memory_kib() + workers.peak_memory_kib;
    report.worker_processes = workers.count;
    return report;
}

} // namespace crawl
