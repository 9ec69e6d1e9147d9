#include <hocket/hocket.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "crawl/coroutine_crawl.hpp"
#include "crawl/kept_pages.hpp"
#include "crawl/messages.hpp"
#include "crawl/page_fetcher.hpp"
#include "crawl/page_store.hpp"
#include "crawl/way_implementations.hpp"
#include "web/page_fetch.hpp"

namespace crawl {
namespace {

using hocket::Coro;

class CoroutineCrawl {
public:
    CoroutineCrawl(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                   Progress& progress, const ReadPage& read_page)
        : site_(site),
          options_(options),
          progress_(progress),
          read_page_(read_page),
          slots_(concurrency),
          fetcher_(options) {
        if (!options.keep.empty()) kept_pages_.emplace(options.keep, options.start);
    }

    Coro<> run() {
        if (!options_.sqlite.empty()) store_ = co_await open_page_store(options_.sqlite);
        co_await hocket::with_task_group([this](hocket::TaskGroup& pages) -> Coro<> {
            for (;;) {
                co_await slots_.acquire();
                auto ticket = site_.next();
                while (!ticket && !site_.done()) {
                    page_finished_.clear();
                    co_await page_finished_.wait();
                    ticket = site_.next();
                }
                if (!ticket) co_return;
                pages.create_task(crawl_page(std::move(*ticket)));
            }
        });
    }

private:
    Coro<> crawl_page(web::SiteCrawl::Ticket ticket) {
        web::PageFetch fetch(site_.start(), ticket.url);
        web::PageOutcome outcome = co_await fetch_page(fetch);
        site_.finish(ticket, std::move(outcome));
        progress_.update(site_.counts());
        page_finished_.set();
        slots_.release();
    }

    Coro<web::PageOutcome> fetch_page(web::PageFetch& fetch) {
        co_await fetcher_.run(fetch);
        web::PageOutcome outcome = fetch.answer();
        const bool is_page = outcome.problem == web::Problem::none && !outcome.off_site;
        if (kept_pages_ && is_page)
            outcome.not_kept = co_await kept_pages_->keep(fetch.url(), outcome.html, fetch.body());
        if (outcome.html) outcome = co_await read_page(fetch, std::move(outcome));
        if (store_ && is_page && outcome.problem == web::Problem::none)
            co_await store_page(fetch, outcome);
        co_return outcome;
    }

    Coro<> store_page(const web::PageFetch& fetch, web::PageOutcome& outcome) {
        StoredPage page{
            outcome.final_url, outcome.status,           outcome.html, outcome.title, outcome.words,
            outcome.links,     std::string(fetch.body())};
        const std::string why_not = co_await store_->store(std::move(page));
        if (outcome.not_kept.empty()) outcome.not_kept = why_not;
    }

    Coro<web::PageOutcome> read_page(web::PageFetch& fetch, web::PageOutcome outcome) {
        try {
            outcome.add(co_await read_page_(fetch));
            co_return outcome;
        } catch (const hocket::WorkerDied& death) {
            fetch.fail(web::Problem::reader_died, reader_died(death.exitcode()));
        } catch (const hocket::BrokenExecutor& broken) { // no worker could be started at all
            fetch.fail(web::Problem::reader_died, broken.what());
        }
        co_return fetch.answer();
    }

    web::SiteCrawl& site_;
    const CrawlOptions& options_;
    Progress& progress_;
    const ReadPage& read_page_;
    hocket::Semaphore slots_;
    hocket::Event page_finished_;
    PageFetcher fetcher_;
    std::optional<KeptPages> kept_pages_;
    std::unique_ptr<PageStore> store_;
};

} // namespace

bool run_coroutine_crawl(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                         Progress& progress, const ReadPage& read_page) {
    try {
        hocket::run([&]() -> Coro<> {
            CoroutineCrawl crawl(site, options, concurrency, progress, read_page);
            co_await crawl.run();
        });
        return true;
    } catch (const hocket::KeyboardInterrupt&) {
        return false;
    }
}

bool crawl_with_coroutines(web::SiteCrawl& site, const CrawlOptions& options,
                           std::size_t concurrency, Progress& progress) {
    const ReadPage read_here = [](const web::PageFetch& page) -> Coro<web::PageContents> {
        co_return web::read_page(page.body(), page.url(), page.site());
    };
    return run_coroutine_crawl(site, options, concurrency, progress, read_here);
}

} // namespace crawl
