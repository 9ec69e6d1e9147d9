#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Fills Headers with fields that a parser has checked, without checking or copying each.
struct ParsedHeaders {
    /// Removes all fields, and returns a copy of `text` that the next fields are parts of.
    static std::string_view begin(Headers& headers, std::string_view text) {
        headers.places_.clear();
        headers.text_.assign(text);
        return headers.text_;
    }
    /// Both must be parts of what `begin` returned.
    static void add(Headers& headers, std::string_view name, std::string_view value) {
        const char* const base = headers.text_.data();
        headers.places_.push_back({static_cast<std::uint32_t>(name.data() - base),
                                   static_cast<std::uint32_t>(name.size()),
                                   static_cast<std::uint32_t>(value.data() - base),
                                   static_cast<std::uint32_t>(value.size())});
    }
};

} // namespace hocket::http::detail
