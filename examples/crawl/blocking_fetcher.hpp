#pragma once

#include <hocket/coro.hpp>
#include <hocket/run.hpp>
#include <hocket/task.hpp>
#include <optional>

#include "crawl/interrupt.hpp"
#include "crawl/options.hpp"
#include "crawl/page_fetcher.hpp"
#include "web/page_fetch.hpp"

namespace crawl {

/// Fetches one page after another for a thread, and blocks it meanwhile: each call runs the loop
/// that belongs to this object. For one thread.
class BlockingFetcher {
public:
    BlockingFetcher(const CrawlOptions& options, const Interrupt& interrupt);
    BlockingFetcher(const BlockingFetcher&) = delete;
    BlockingFetcher& operator=(const BlockingFetcher&) = delete;

    /// Fetches one page, redirects included, and reads it. Everything that goes wrong is in the
    /// outcome. Throws Interrupted only.
    web::PageOutcome fetch(web::PageFetch page);

private:
    hocket::Coro<> run(web::PageFetch& page);

    const Interrupt& interrupt_;
    hocket::Runner runner_;
    PageFetcher fetcher_;
    std::optional<hocket::AnyTask> task_; // which fetches
};

} // namespace crawl
