#pragma once

#include <cstdint>
#include <hocket/coro.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crawl {

/// A page, as a PageStore keeps it.
struct StoredPage {
    std::string url;
    int status = 0;
    bool html = false;
    std::optional<std::string> title;
    std::uint64_t words = 0;
    std::vector<std::string> links;
    std::string body;
};

/// Where a crawl stores the pages that it has read. For one loop's thread.
class PageStore {
public:
    virtual ~PageStore() = default;

    /// Stores the page in place of what an earlier crawl stored under its URL, and returns once it
    /// is committed. The pages that arrive while others are committed are committed together.
    /// Yields why the page could not be stored, or nothing.
    virtual hocket::Coro<std::string> store(StoredPage page) = 0;
};

/// Whether this program was built with hocket::sqlite.
bool has_page_store() noexcept;

/// Opens the SQLite database in `file`, which is created if it does not exist, with its table
/// `page`. Throws std::runtime_error if that is not possible.
hocket::Coro<std::unique_ptr<PageStore>> open_page_store(std::string file);

} // namespace crawl
