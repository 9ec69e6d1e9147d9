#pragma once

#include <hocket/coro.hpp>
#include <hocket/http/session.hpp>

#include "crawl/options.hpp"
#include "web/page_fetch.hpp"

namespace crawl {

/// Fetches pages of one site, any number at once, over connections that are kept while the server
/// keeps them, with TLS where the site's URL says https. Belongs to the loop of its first page.
class PageFetcher {
public:
    /// Throws hocket::SSLError or std::system_error when the CA file is none.
    explicit PageFetcher(const CrawlOptions& options);

    /// Drives `fetch` through its redirects to the last response, or to what went wrong, which it
    /// then says as well when the page takes longer than the options allow.
    hocket::Coro<> run(web::PageFetch& fetch);

private:
    hocket::Coro<> follow_redirects(web::PageFetch& fetch);

    const CrawlOptions& options_;
    hocket::http::Session session_;
};

} // namespace crawl
