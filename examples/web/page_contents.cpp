#include "web/page_contents.hpp"

#include <optional>
#include <unordered_set>
#include <utility>

#include "web/html_scan.hpp"

namespace web {
namespace {

std::vector<std::string> links_of(const std::vector<std::string>& references, const Url& base,
                                  const Url& site) {
    std::vector<std::string> links;
    // Most links of a page repeat one another but for the fragment: those need no resolving.
    std::unordered_set<std::string_view> references_seen;
    std::unordered_set<std::string> links_seen;
    for (const std::string& reference : references) {
        const auto without_fragment = std::string_view(reference).substr(0, reference.find('#'));
        if (!references_seen.insert(without_fragment).second) continue;
        const auto link = resolve(base, without_fragment);
        if (!link || !same_site(*link, site)) continue;
        const auto [position, is_new] = links_seen.insert(link->to_string());
        if (is_new) links.push_back(*position);
    }
    return links;
}

} // namespace

PageContents read_page(std::string_view html, const Url& page, const Url& site) {
    HtmlScan scan = scan_html(html);
    const auto base = scan.base ? resolve(page, *scan.base) : std::nullopt;
    return {scan.words, links_of(scan.links, base.value_or(page), site), std::move(scan.title)};
}

} // namespace web
