#pragma once

#include <cstdint>
#include <hocket/crossing.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace web {

/// What is wrong with a URL, with the URL in the text.
class UrlError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An http or https URL in its normal form, so that two spellings of one page compare equal:
/// scheme and host in lower case, no default port, no dot segments, no fragment, percent-encoding
/// as RFC 3986 6.2.2 wants it.
struct Url {
    std::string scheme;
    std::string host; ///< without the brackets of an IPv6 address
    std::uint16_t port = 80;
    std::string path = "/";
    std::optional<std::string> query;

    /// What stands in a request line: path and query.
    std::string target() const;
    /// What stands in a Host field: the host, and the port unless it is the scheme's own.
    std::string authority() const;
    std::string to_string() const;

    bool operator==(const Url&) const = default;
    MSGPACK_DEFINE(scheme, host, port, path, query)
};

/// An absolute http:// or https:// URL, normalised. Throws UrlError.
Url parse_url(std::string_view text);

/// What `reference`, found in the page `base`, points at (RFC 3986, 5.2). Nothing when that is
/// not http or https (mailto:, javascript:, data: …) or not a URL at all. White space around the
/// reference and line breaks inside it are ignored, as browsers do.
std::optional<Url> resolve(const Url& base, std::string_view reference);

/// Whether a link leads to the same site: the same scheme and the same host, on whichever port.
bool same_site(const Url& a, const Url& b);

} // namespace web
