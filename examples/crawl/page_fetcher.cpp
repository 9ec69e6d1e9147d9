#include "crawl/page_fetcher.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

namespace crawl {

using hocket::Coro;

namespace {

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

} // namespace

PageFetcher::PageFetcher(const CrawlOptions& options) : options_(options) {
    // Redirects to another scheme lead off the site, so all of its pages have this one's.
    if (options.start.scheme != "https") return;
    tls_ = hocket::create_default_context(hocket::Purpose::SERVER_AUTH, {.cafile = options.cafile});
}

Coro<> PageFetcher::run(web::PageFetch& fetch) {
    return hocket::wait_for(follow_redirects(fetch), options_.timeout);
}

Coro<> PageFetcher::follow_redirects(web::PageFetch& fetch) {
    do co_await exchange(fetch);
    while (fetch.follow());
}

Coro<> PageFetcher::exchange(web::PageFetch& fetch) {
    const std::string authority = fetch.url().authority();
    for (;;) {
        auto connection = idle_connections_.take(authority);
        const bool reused = connection.has_value();
        if (!reused) connection = co_await connect(fetch.url());
        const bool answered = co_await send_and_receive(*connection, reused, fetch);
        if (answered) {
            if (fetch.parser().response().keep_alive)
                idle_connections_.put(authority, std::move(*connection));
            co_return;
        }
        fetch.restart();
    }
}

Coro<hocket::Connection> PageFetcher::connect(const web::Url& url) const {
    hocket::ConnectOptions options;
    if (tls_) options.ssl = *tls_;
    return hocket::open_connection(url.host, url.port, options);
}

} // namespace crawl
