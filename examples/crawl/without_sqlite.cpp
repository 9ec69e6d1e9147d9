// What page_store.hpp declares, in a build without hocket::sqlite.

#include <stdexcept>

#include "crawl/page_store.hpp"

namespace crawl {

bool has_page_store() noexcept { return false; }

hocket::Coro<std::unique_ptr<PageStore>> open_page_store(std::string file) {
    throw std::runtime_error("cannot store pages in " + file + " without hocket::sqlite");
    co_return nullptr;
}

} // namespace crawl
