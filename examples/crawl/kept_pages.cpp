#include "crawl/kept_pages.hpp"

#include <functional>
#include <hocket/files.hpp>
#include <system_error>
#include <utility>

#include "web/kept_name.hpp"

namespace crawl {

using hocket::Coro;

KeptPages::KeptPages(std::string folder, web::Url site)
    : folder_(std::move(folder)), site_(std::move(site)) {}

Coro<std::string> KeptPages::keep(web::Url url, bool html, std::string_view body) {
    const std::string path = folder_ + "/" + web::kept_name(url, site_, html);
    const std::size_t hash = std::hash<std::string_view>()(body);
    const auto [found, is_new] = pages_.try_emplace(path, Page{url.to_string(), hash});
    const Page& page = found->second;
    if (page.url != url.to_string() && page.hash != hash)
        co_return path + " is where another page is kept, " + page.url;
    try {
        co_await make_folder_of(path);
        co_await hocket::files::write_bytes(path, body);
    } catch (const std::system_error& error) {
        co_return error.what();
    }
    co_return std::string();
}

Coro<> KeptPages::make_folder_of(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/'));
    if (folders_.contains(folder)) co_return;
    co_await hocket::files::makedirs(folder, 0777, true);
    folders_.insert(folder);
}

} // namespace crawl
