#include "http/conditions.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <system_error>

#include "http/ascii.hpp"
#include "http/http_date.hpp"

namespace hocket::http::detail {
namespace {

/// Whether a list of entity tags contains `etag`. A weak tag matches only if `weakly`.
bool contains(std::string_view list, std::string_view etag, bool weakly) {
    if (trim(list) == "*") return true;
    while (!list.empty()) {
        list = trim(list);
        const bool is_weak = list.starts_with("W/");
        if (is_weak) list.remove_prefix(2);
        if (!list.starts_with('"')) return false;
        const std::size_t end = list.find('"', 1);
        if (end == std::string_view::npos) return false;
        if (list.substr(0, end + 1) == etag && (weakly || !is_weak)) return true;
        list = trim(list.substr(end + 1));
        if (!list.empty() && list.front() != ',') return false;
        if (!list.empty()) list.remove_prefix(1);
    }
    return false;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Whether If-Range, if there is one, allows a part to be sent.
bool holds_if_range(const Headers& headers, const FileVersion& version) {
    const auto value = headers.get("If-Range");
    if (!value) return true;
    if (value->starts_with('"')) return *value == version.etag();
    const auto date = parse_http_date(*value);
    return date && *date == version.modified();
}

} // namespace

std::string FileVersion::etag() const {
    std::string tag = "\"";
    for (const auto part : {static_cast<std::uint64_t>(modified_nanoseconds), size}) {
        char digits[16];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), part, 16).ptr;
        if (tag.size() > 1) tag += '-';
        tag.append(std::begin(digits), end);
    }
    return tag += '"';
}

Condition evaluate_conditions(const Headers& headers, const FileVersion& version) {
    if (const auto match = headers.get("If-Match")) {
        if (!contains(*match, version.etag(), false)) return Condition::failed;
    } else if (const auto since = headers.get("If-Unmodified-Since")) {
        const auto date = parse_http_date(*since);
        if (date && version.modified() > *date) return Condition::failed;
    }
    if (const auto match = headers.get("If-None-Match")) {
        if (contains(*match, version.etag(), true)) return Condition::not_modified;
    } else if (const auto since = headers.get("If-Modified-Since")) {
        const auto date = parse_http_date(*since);
        if (date && version.modified() <= *date) return Condition::not_modified;
    }
    return Condition::send;
}

bool is_conditional(const Headers& headers) noexcept {
    return std::any_of(headers.begin(), headers.end(), [](const Headers::Field& field) {
        return (field.name.size() > 3 && equals_ignoring_case(field.name.substr(0, 3), "If-")) ||
               equals_ignoring_case(field.name, "Range");
    });
}

std::optional<ByteRange> requested_range(const Headers& headers, const FileVersion& version) {
    const auto value = headers.get("Range");
    if (!value || value->size() < 6 || !equals_ignoring_case(value->substr(0, 6), "bytes=")) {
        return std::nullopt;
    }
    const std::string_view range = trim(value->substr(6));
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos || !holds_if_range(headers, version)) return std::nullopt;
    const auto first = number(range.substr(0, dash));
    const auto last = number(range.substr(dash + 1));
    const std::uint64_t size = version.size;
    if (dash == 0) { // the last bytes
        if (!last) return std::nullopt;
        const std::uint64_t count = std::min(*last, size);
        return ByteRange{size - count, count};
    }
    const bool is_open = dash + 1 == range.size();
    if (!first || (!is_open && (!last || *last < *first))) return std::nullopt;
    if (*first >= size) return ByteRange{};
    const std::uint64_t end = is_open || *last >= size ? size : *last + 1;
    return ByteRange{*first, end - *first};
}

} // namespace hocket::http::detail
