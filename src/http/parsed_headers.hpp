#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Fills Headers with fields that a parser has checked, without checking or copying each.
struct ParsedHeaders {
    /// Adds a field whose name and value are parts of `text`.
    static void add(Headers& headers, std::string_view text, std::string_view name,
                    std::string_view value) {
        headers.places_.push_back({static_cast<std::uint32_t>(name.data() - text.data()),
                                   static_cast<std::uint32_t>(name.size()),
                                   static_cast<std::uint32_t>(value.data() - text.data()),
                                   static_cast<std::uint32_t>(value.size())});
    }
    /// Gives the headers a copy of the text that their fields are parts of, and returns it.
    static std::string_view keep(Headers& headers, std::string_view text) {
        headers.text_.assign(text);
        return headers.text_;
    }
};

} // namespace hocket::http::detail
