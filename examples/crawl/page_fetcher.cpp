#include "crawl/page_fetcher.hpp"

#include <optional>
#include <string>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/http/client_errors.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/status.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/wait.hpp>

#include "crawl/fetch_failure.hpp"
#include "crawl/messages.hpp"

namespace crawl {

using hocket::Coro;
namespace http = hocket::http;

namespace {

constexpr std::size_t largest_page = std::size_t{64} * 1024 * 1024;

http::Session session_for(const CrawlOptions& options) {
    const http::Headers headers{{"User-Agent", "hocket-crawl"}};
    http::SessionOptions session;
    session.headers = headers;
    session.trust_env = false;                     // the demo's server is on this machine
    session.timeout = http::Timeout(std::nullopt); // the whole page has one
    // The crawl itself limits how many pages are in flight.
    session.limits.max_connections = 0;
    session.limits.max_keepalive_connections = options.concurrency.value_or(32);
    session.limits.max_body_bytes = largest_page;
    // Redirects to another scheme lead off the site, so all of its pages have this one's.
    if (options.start.scheme != "https") return http::Session(session);
    const hocket::SSLContext tls =
        hocket::create_default_context(hocket::Purpose::SERVER_AUTH, {.cafile = options.cafile});
    session.verify = tls;
    return http::Session(session);
}

web::Response response_of(http::ClientResponse response) {
    web::Response page;
    page.status = response.status_code();
    page.reason = http::reason_phrase(page.status);
    page.location = response.headers().get("location");
    page.content_type = response.headers().get("content-type", "");
    page.body = std::move(response).content();
    return page;
}

} // namespace

PageFetcher::PageFetcher(const CrawlOptions& options)
    : options_(options), session_(session_for(options)) {}

Coro<> PageFetcher::run(web::PageFetch& fetch) {
    try {
        co_await hocket::wait_for(follow_redirects(fetch), options_.timeout);
    } catch (const hocket::TimeoutError&) {
        fetch.fail(web::Problem::timeout, no_answer_within(options_.timeout));
    } catch (const http::HTTPError& error) {
        fail(fetch, error);
    } catch (const http::InvalidURL& error) {
        fetch.fail(web::Problem::unreachable, error.what());
    }
}

Coro<> PageFetcher::follow_redirects(web::PageFetch& fetch) {
    for (;;) {
        auto response = co_await session_.get(fetch.url().to_string());
        if (!fetch.take(response_of(std::move(response)))) co_return;
    }
}

} // namespace crawl
