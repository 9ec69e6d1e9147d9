#include "crawl/blocking_fetcher.hpp"

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

namespace crawl {

BlockingFetcher::BlockingFetcher(const CrawlOptions& options, const Interrupt& interrupt)
    : interrupt_(interrupt), fetcher_(options) {
    hocket::EventLoop& loop = runner_.get_loop();
    loop.add_reader(interrupt_.fileno(), [this, &loop] {
        if (!task_ || !task_->cancel()) return;
        loop.remove_reader(interrupt_.fileno());
    });
}

web::PageOutcome BlockingFetcher::fetch(web::PageFetch page) {
    if (interrupt_.requested()) throw Interrupted{};
    try {
        runner_.run(run(page));
    } catch (const hocket::CancelledError&) {
        throw Interrupted{};
    }
    return page.outcome();
}

hocket::Coro<> BlockingFetcher::run(web::PageFetch& page) {
    task_ = hocket::current_task();
    co_await fetcher_.run(page);
}

} // namespace crawl
