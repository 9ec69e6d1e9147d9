#include "web/url.hpp"

#include <algorithm>
#include <charconv>

#include "web/ascii.hpp"
#include "web/percent.hpp"

namespace web {
namespace {

/// The five parts of RFC 3986's appendix B, not yet checked. The fragment is dropped.
struct Parts {
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> authority;
    std::string_view path;
    std::optional<std::string_view> query;
};

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_alpha(text.front())) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

Parts split(std::string_view text) {
    Parts parts;
    text = text.substr(0, text.find('#'));
    if (const auto question = text.find('?'); question != text.npos) {
        parts.query = text.substr(question + 1);
        text = text.substr(0, question);
    }
    if (const auto colon = text.find(':'); colon != text.npos && is_scheme(text.substr(0, colon))) {
        parts.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        const auto slash = std::min(text.find('/'), text.size());
        parts.authority = text.substr(0, slash);
        text.remove_prefix(slash);
    }
    parts.path = text;
    return parts;
}

void drop_last_segment(std::string& path) {
    const auto slash = path.rfind('/');
    path.resize(slash == path.npos ? 0 : slash);
}

/// RFC 3986, 5.2.4.
std::string remove_dot_segments(std::string_view in) {
    std::string out;
    out.reserve(in.size());
    while (!in.empty()) {
        if (in.starts_with("../")) {
            in.remove_prefix(3);
        } else if (in.starts_with("./") || in.starts_with("/./")) {
            in.remove_prefix(2);
        } else if (in == "/.") {
            in = "/";
        } else if (in.starts_with("/../")) {
            in.remove_prefix(3);
            drop_last_segment(out);
        } else if (in == "/..") {
            in = "/";
            drop_last_segment(out);
        } else if (in == "." || in == "..") {
            in = {};
        } else {
            const auto next = std::min(in.find('/', 1), in.size());
            out += in.substr(0, next);
            in.remove_prefix(next);
        }
    }
    return out;
}

std::string normal_path(std::string_view path) {
    std::string escaped;
    escaped.reserve(path.size());
    // First the escapes, then the dots: "%2e%2e/" is "../" in disguise.
    percent_normalise(path, UrlPart::path, escaped);
    std::string normal = remove_dot_segments(escaped);
    if (!normal.starts_with('/')) normal.insert(normal.begin(), '/');
    return normal;
}

std::optional<std::string> normal_query(std::optional<std::string_view> query) {
    if (!query) return std::nullopt;
    std::string normal;
    percent_normalise(*query, UrlPart::query, normal);
    return normal;
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

/// Fills in host and port. False when the authority is not one.
bool set_authority(Url& url, std::string_view authority) {
    if (const auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto bracket = authority.find(']');
        if (bracket == authority.npos) return false;
        url.host = to_lower(authority.substr(1, bracket - 1));
        port = authority.substr(bracket + 1);
        if (!port.empty() && !port.starts_with(':')) return false;
    } else {
        const auto colon = std::min(authority.find(':'), authority.size());
        url.host = to_lower(authority.substr(0, colon));
        port = authority.substr(colon);
    }
    const bool host_is_clean = std::all_of(url.host.begin(), url.host.end(), [](char c) {
        return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':';
    });
    if (url.host.empty() || !host_is_clean) return false;

    url.port = default_port(url.scheme);
    if (!port.empty()) port.remove_prefix(1);
    if (port.empty()) return true;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    return error == std::errc{} && end == port.data() + port.size() && url.port != 0;
}

bool has_scheme_we_know(const Url& url) { return url.scheme == "http" || url.scheme == "https"; }

/// The reference as browsers see it: trimmed, without tabs and line breaks.
std::string_view without_line_breaks(std::string_view reference, std::string& storage) {
    reference = trim(reference);
    if (reference.find_first_of("\t\r\n") == reference.npos) return reference;
    storage = reference;
    std::erase_if(storage, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
    return storage;
}

} // namespace

std::string Url::target() const { return query ? path + "?" + *query : path; }

std::string Url::authority() const {
    std::string text = host.find(':') == host.npos ? host : "[" + host + "]";
    if (port != default_port(scheme)) text += ":" + std::to_string(port);
    return text;
}

std::string Url::to_string() const { return scheme + "://" + authority() + target(); }

Url parse_url(std::string_view text) {
    std::string storage;
    const Parts parts = split(without_line_breaks(text, storage));
    const std::string what = "URL " + quoted(text, 200);
    Url url;
    if (!parts.scheme || !parts.authority)
        throw UrlError(what + " is not absolute: expected http://HOST[:PORT]/PATH");
    url.scheme = to_lower(*parts.scheme);
    if (!has_scheme_we_know(url))
        throw UrlError(what + " has the scheme " + web::quoted(url.scheme) +
                       ": expected http or https");
    if (!set_authority(url, *parts.authority))
        throw UrlError(what + " has no valid host and port: " + web::quoted(*parts.authority) +
                       " (a port is a number from 1 to 65535)");
    url.path = normal_path(parts.path);
    url.query = normal_query(parts.query);
    return url;
}

std::optional<Url> resolve(const Url& base, std::string_view reference) {
    std::string storage;
    const Parts parts = split(without_line_breaks(reference, storage));
    Url url;
    url.scheme = parts.scheme ? to_lower(*parts.scheme) : base.scheme;
    if (!has_scheme_we_know(url)) return std::nullopt;

    if (parts.authority) {
        if (!set_authority(url, *parts.authority)) return std::nullopt;
        url.path = normal_path(parts.path);
        url.query = normal_query(parts.query);
        return url;
    }
    // "http:page.html" has a scheme and no host: RFC 3986 calls it invalid in strict parsers.
    if (parts.scheme) return std::nullopt;

    url.host = base.host;
    url.port = base.port;
    url.query = normal_query(parts.query);
    if (parts.path.empty()) {
        url.path = base.path;
        if (!parts.query) url.query = base.query;
    } else if (parts.path.starts_with('/')) {
        url.path = normal_path(parts.path);
    } else {
        std::string merged = base.path.substr(0, base.path.rfind('/') + 1);
        merged += parts.path;
        url.path = normal_path(merged);
    }
    return url;
}

bool same_site(const Url& a, const Url& b) { return a.scheme == b.scheme && a.host == b.host; }

} // namespace web
