#include "crawl/blocking_connection.hpp"
#include "crawl/way_implementations.hpp"

namespace crawl {

bool crawl_sequentially(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress) {
    const Interrupt interrupt;
    BlockingConnection connection(interrupt);
    try {
        while (const auto ticket = site.next()) {
            site.finish(*ticket,
                        fetch_page(connection, {site.start(), ticket->url}, options.timeout));
            progress.update(site.counts());
        }
        return true;
    } catch (const Interrupted&) {
        return false;
    }
}

} // namespace crawl
