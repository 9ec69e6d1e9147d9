#pragma once

#include <hocket/hocket.hpp>
#include <optional>

#include "crawl/connection_pool.hpp"
#include "crawl/options.hpp"
#include "web/page_fetch.hpp"

namespace crawl {

/// Fetches pages of one site, any number at once, over connections that are kept while the server
/// keeps them, with TLS where the site's URL says https.
class PageFetcher {
public:
    /// Throws hocket::SSLError or std::system_error when the CA file is none.
    explicit PageFetcher(const CrawlOptions& options);

    /// Drives `fetch` through its redirects to the last response. Throws web::HttpError and
    /// std::system_error (hocket::SSLError among them), or hocket::TimeoutError when it takes
    /// longer than the options allow.
    hocket::Coro<> run(web::PageFetch& fetch);

private:
    hocket::Coro<> follow_redirects(web::PageFetch& fetch);
    hocket::Coro<> exchange(web::PageFetch& fetch);
    hocket::Coro<hocket::Connection> connect(const web::Url& url) const;

    const CrawlOptions& options_;
    std::optional<hocket::SSLContext> tls_;
    ConnectionPool idle_connections_;
};

} // namespace crawl
