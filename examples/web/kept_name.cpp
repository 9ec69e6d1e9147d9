#include "web/kept_name.hpp"

#include <algorithm>
#include <string_view>

#include "web/ascii.hpp"
#include "web/percent.hpp"

namespace web {
namespace {

bool looks_like_an_escape(std::string_view text) {
    return text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
}

/// What stands between two slashes of a path, as one name.
std::string file_name(std::string_view segment) {
    // A normalised URL has neither; whoever makes one by hand gets no way out of the folder.
    if (segment == ".") return "%2E";
    if (segment == "..") return "%2E%2E";
    const std::string decoded = percent_decode(segment).value_or(std::string(segment));
    std::string name;
    for (std::size_t i = 0; i < decoded.size(); ++i) {
        switch (decoded[i]) {
        case '/': name += "%2F"; break;
        case '?': name += "%3F"; break;
        case '\0': name += "%00"; break;
        case '%':
            name += looks_like_an_escape(std::string_view(decoded).substr(i)) ? "%25" : "%";
            break;
        default: name += decoded[i];
        }
    }
    return name;
}

std::string query_name(std::string_view query) {
    std::string name = "?";
    for (const char c : query) {
        if (c == '/') {
            name += "%2F";
        } else {
            name += c;
        }
    }
    return name;
}

bool says_html(std::string_view name) {
    const auto dot = name.find_last_of("./");
    if (dot == name.npos || name[dot] != '.') return false;
    const std::string extension = to_lower(name.substr(dot));
    return extension == ".html" || extension == ".htm" || extension == ".xhtml";
}

} // namespace

std::string kept_name(const Url& url, const Url& site, bool html) {
    std::string name;
    if (url.port != site.port) name = ":" + std::to_string(url.port) + "/";
    std::string_view path = std::string_view(url.path).substr(1);
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
        // The file system takes two slashes for one.
        name += slash == 0 ? "%2F" : file_name(path.substr(0, slash)) + "/";
        path.remove_prefix(slash + 1);
    }
    name += path.empty() ? "index.html" : file_name(path);
    if (url.query) name += query_name(*url.query);
    if (html && !says_html(name)) name += ".html";
    return name;
}

} // namespace web
