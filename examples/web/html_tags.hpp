#pragma once

#include <cstdint>
#include <string_view>

#include "web/ascii.hpp"

/// What a scanner has to know about HTML's elements.
namespace web {

/// A tag's name of up to eight characters as one number, so that a switch can tell tags apart;
/// every longer name is 0.
using TagName = std::uint64_t;

constexpr TagName tag(std::string_view name) {
    if (name.size() > 8) return 0;
    TagName packed = 0;
    for (const char c : name) packed = packed << 8 | static_cast<unsigned char>(to_lower(c));
    return packed;
}

/// Elements inside a line of text: a word goes on across their tags.
constexpr bool is_inline(TagName name) {
    switch (name) {
    case tag("a"):
    case tag("abbr"):
    case tag("b"):
    case tag("big"):
    case tag("cite"):
    case tag("code"):
    case tag("del"):
    case tag("dfn"):
    case tag("em"):
    case tag("font"):
    case tag("i"):
    case tag("ins"):
    case tag("kbd"):
    case tag("mark"):
    case tag("q"):
    case tag("s"):
    case tag("samp"):
    case tag("small"):
    case tag("span"):
    case tag("strong"):
    case tag("sub"):
    case tag("sup"):
    case tag("tt"):
    case tag("u"):
    case tag("var"):
    case tag("wbr"): return true;
    default: return false;
    }
}

/// Elements whose content is text up to their own end tag, whatever it looks like.
constexpr bool holds_raw_text(TagName name) {
    switch (name) {
    case tag("script"):
    case tag("style"):
    case tag("title"):
    case tag("textarea"):
    case tag("iframe"):
    case tag("noframes"):
    case tag("noembed"):
    case tag("xmp"): return true;
    default: return false;
    }
}

constexpr bool raw_text_is_visible(TagName name) {
    return name == tag("textarea") || name == tag("xmp");
}

/// The attribute of this element that holds a link, or nothing.
constexpr std::string_view link_attribute(TagName name) {
    switch (name) {
    case tag("a"):
    case tag("area"):
    case tag("link"):
    case tag("base"): return "href";
    case tag("img"):
    case tag("script"):
    case tag("iframe"):
    case tag("frame"):
    case tag("source"):
    case tag("embed"):
    case tag("track"):
    case tag("audio"):
    case tag("video"):
    case tag("input"): return "src";
    default: return {};
    }
}

} // namespace web
