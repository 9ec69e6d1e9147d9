#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace web {

/// "a%20b" → "a b". Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

enum class UrlPart { path, query };

/// The one spelling of `text` (RFC 3986, 6.2.2): unreserved characters bare, everything that may
/// not stand in a URL as %XX with capital digits, a stray '%' as %25. Appends to `out`.
void percent_normalise(std::string_view text, UrlPart part, std::string& out);

} // namespace web
