#include <array>
#include <hocket/hocket.hpp>
#include <system_error>
#include <utility>

#include "crawl/connection_pool.hpp"
#include "crawl/coroutine_crawl.hpp"
#include "crawl/messages.hpp"
#include "crawl/way_implementations.hpp"
#include "web/page_fetch.hpp"

namespace crawl {
namespace {

using hocket::Coro;

/// False when a connection that had been idle (`reused`) turns out to be closed; the page must be
/// asked for again on a new one.
Coro<bool> send_and_receive(hocket::Connection& connection, bool reused, web::PageFetch& fetch) {
    auto& [reader, writer] = connection;
    try {
        writer.write(fetch.request());
        std::array<char, 16 * 1024> space;
        while (!fetch.parser().complete()) {
            const std::size_t size = co_await reader.read_into(space);
            if (size == 0) {
                fetch.parser().finish();
            } else if (fetch.parser().feed({space.data(), size}) < size) {
                fetch.parser().response().keep_alive = false; // it sent more than was asked for
            }
        }
        co_return true;
    } catch (const std::system_error&) {
        if (!reused || fetch.parser().started()) throw;
    } catch (const web::HttpError&) {
        if (!reused || fetch.parser().started()) throw;
    }
    co_return false;
}

class CoroutineCrawl {
public:
    CoroutineCrawl(web::SiteCrawl& site, const CrawlOptions& options, std::size_t concurrency,
                   Progress& progress, const ReadPage& read_page)
        : site_(site),
          options_(options),
          progress_(progress),
          read_page_(read_page),
          slots_(concurrency) {}

    Coro<> run() {
        return hocket::with_task_group([this](hocket::TaskGroup& pages) -> Coro<> {
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
        try {
            co_await hocket::wait_for(fetch_with_redirects(fetch), options_.timeout);
            web::PageOutcome outcome = fetch.answer();
            if (outcome.html) outcome.add(co_await read_page_(fetch));
            co_return outcome;
        } catch (const web::HttpError& error) {
            co_return fetch.failed(error);
        } catch (const std::system_error& error) {
            co_return fetch.failed(error.code());
        } catch (const hocket::WorkerDied& death) {
            co_return fetch.failed(web::Problem::reader_died, reader_died(death.exitcode()));
        } catch (const hocket::TimeoutError&) {
            co_return fetch.failed(web::Problem::timeout, no_answer_within(options_.timeout));
        }
    }

    Coro<> fetch_with_redirects(web::PageFetch& fetch) {
        do co_await exchange(fetch);
        while (fetch.follow());
    }

    Coro<> exchange(web::PageFetch& fetch) {
        const std::string authority = fetch.url().authority();
        for (;;) {
            auto connection = idle_connections_.take(authority);
            const bool reused = connection.has_value();
            if (!reused)
                connection = co_await hocket::open_connection(fetch.url().host, fetch.url().port);
            const bool answered = co_await send_and_receive(*connection, reused, fetch);
            if (answered) {
                if (fetch.parser().response().keep_alive)
                    idle_connections_.put(authority, std::move(*connection));
                co_return;
            }
            fetch.restart();
        }
    }

    web::SiteCrawl& site_;
    const CrawlOptions& options_;
    Progress& progress_;
    const ReadPage& read_page_;
    hocket::Semaphore slots_;
    hocket::Event page_finished_;
    ConnectionPool idle_connections_;
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
        co_return web::read_page(page.html(), page.url(), page.site());
    };
    return run_coroutine_crawl(site, options, concurrency, progress, read_here);
}

} // namespace crawl
