#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "crawl/blocking_fetcher.hpp"
#include "crawl/way_implementations.hpp"

namespace crawl {
namespace {

/// What the threads share: the crawl, behind a lock.
class ThreadedCrawl {
public:
    ThreadedCrawl(web::SiteCrawl& site, const CrawlOptions& options, Progress& progress)
        : site_(site), options_(options), progress_(progress) {}

    bool run(std::size_t count) {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
        for (std::thread& thread : threads) thread.join();
        if (failure_) std::rethrow_exception(failure_);
        return !interrupt_.requested();
    }

private:
    void work() noexcept {
        try {
            BlockingFetcher fetcher(options_, interrupt_);
            while (const auto ticket = next())
                finish(*ticket, fetcher.fetch({site_.start(), ticket->url}));
        } catch (const Interrupted&) {
            stop(nullptr);
        } catch (...) {
            stop(std::current_exception());
        }
    }

    /// Waits while no page is known but others may still bring some.
    std::optional<web::SiteCrawl::Ticket> next() {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (stopped_) return std::nullopt;
            if (auto ticket = site_.next()) return ticket;
            if (site_.done()) return std::nullopt;
            changed_.wait(lock);
        }
    }

    void finish(const web::SiteCrawl::Ticket& ticket, web::PageOutcome outcome) {
        const std::lock_guard lock(mutex_);
        site_.finish(ticket, std::move(outcome));
        progress_.update(site_.counts());
        changed_.notify_all();
    }

    void stop(std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        if (!failure_) failure_ = failure;
        changed_.notify_all();
    }

    Interrupt interrupt_;
    web::SiteCrawl& site_;
    const CrawlOptions& options_;
    Progress& progress_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    std::exception_ptr failure_;
};

} // namespace

bool crawl_with_threads(web::SiteCrawl& site, const CrawlOptions& options, std::size_t threads,
                        Progress& progress) {
    return ThreadedCrawl(site, options, progress).run(threads);
}

} // namespace crawl
