#pragma once

#include <hocket/http/client_errors.hpp>

#include "web/page_fetch.hpp"

namespace crawl {

/// Says in the outcome of `fetch` why its page could not be had.
void fail(web::PageFetch& fetch, const hocket::http::HTTPError& error);

} // namespace crawl
