#pragma once

#include <cstddef>
#include <hocket/coro.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "web/url.hpp"

namespace crawl {

/// The folder in which a crawl keeps its pages, each in a file by web::kept_name. For one loop's
/// thread; pages can be kept side by side.
class KeptPages {
public:
    KeptPages(std::string folder, web::Url site);

    /// Writes the page, with the folders above it: whoever looks finds all of it or nothing, also
    /// when the crawl is killed meanwhile. What an earlier crawl kept there is replaced; what
    /// another page of this crawl did is not, unless it says the same. Yields why the page could
    /// not be kept, or nothing. `body` must stay valid. Cancelled, it leaves nothing behind.
    hocket::Coro<std::string> keep(web::Url url, bool html, std::string_view body);

private:
    struct Page {
        std::string url;
        std::size_t hash; // of its body
    };

    hocket::Coro<> make_folder_of(const std::string& path);

    std::string folder_;
    web::Url site_;
    std::unordered_map<std::string, Page> pages_; // by their paths
    std::unordered_set<std::string> folders_;     // which are there
};

} // namespace crawl
