#include "crawl/blocking_fetcher.hpp"
#include "crawl/way_implementations.hpp"

namespace crawl {

bool crawl_sequentially(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress) {
    const Interrupt interrupt;
    BlockingFetcher fetcher(options, interrupt);
    try {
        while (const auto ticket = site.next()) {
            site.finish(*ticket, fetcher.fetch({site.start(), ticket->url}));
            progress.update(site.counts());
        }
        return true;
    } catch (const Interrupted&) {
        return false;
    }
}

} // namespace crawl
