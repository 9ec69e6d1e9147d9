#pragma once

#include <cstdint>
#include <hocket/crossing.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/url.hpp"

namespace web {

/// What a crawl wants to know of a page and only its HTML tells. It crosses between processes.
struct PageContents {
    std::uint64_t words = 0;
    std::vector<std::string> links; ///< absolute URLs on the same site, each once, no fragments
    std::optional<std::string> title;

    MSGPACK_DEFINE(words, links, title)
};

/// Reads the HTML of `page`, which for a large one takes milliseconds. `site` is the URL the crawl
/// began with: it says which links are the same site's.
PageContents read_page(std::string_view html, const Url& page, const Url& site);

} // namespace web
