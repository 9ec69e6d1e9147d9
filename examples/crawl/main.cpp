// crawl URL: follows the links of a site, counts its words and finds its broken links.
// crawl --demo DIR: does that four ways with a folder of HTML, and compares them.
// crawl --demo DIR --way ray --python FILE: compares processes with a cluster of Ray.
// crawl https://SITE --keep FOLDER: keeps the pages, too; --sqlite FILE: in a database.
// crawl ... --trace FILE: writes a timeline that https://ui.perfetto.dev shows.
//
//     $ crawl --demo /usr/share/doc/python3-doc/html

#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>

#include "crawl/demo.hpp"
#include "crawl/options.hpp"
#include "crawl/print_report.hpp"
#include "crawl/timeline.hpp"
#include "crawl/ways.hpp"
#include "web/site_report.hpp"

namespace {

int crawl_and_report(const crawl::CrawlOptions& options) {
    std::optional<crawl::Timeline> timeline;
    if (!options.trace.empty()) timeline.emplace(options.trace);
    const web::SiteReport report = crawl::crawl_site(options);
    if (timeline) std::fputs(timeline->end().c_str(), stderr);
    if (options.json) {
        std::fputs(web::to_json(report).c_str(), stdout);
    } else {
        crawl::print_report(stdout, report);
    }
    if (report.interrupted) return 130;
    return report.pages.empty() || report.pages_not_kept() > 0 ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const crawl::Options options = crawl::parse_options({argv + 1, argv + argc});
        if (options.help) {
            std::fputs(crawl::usage, stdout);
            return 0;
        }
        return options.demo ? crawl::run_demo(*options.demo) : crawl_and_report(options.crawl);
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "crawl: %s (crawl --help tells more)\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "crawl: %s\n", error.what());
        return 1;
    }
}
