#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace web {

/// What a crawler wants to know about a page.
struct HtmlScan {
    /// The href and src values of a, area, link, img, script, iframe, frame, source, embed, track,
    /// audio, video and input, character references replaced, in the order of the page.
    std::vector<std::string> links;
    /// The href of the first <base>, against which links are resolved.
    std::optional<std::string> base;
    /// The text of the first <title>, its white space collapsed.
    std::optional<std::string> title;
    /// Words a reader sees: not in tags, comments, title, script or style. Inline elements do not
    /// part words ("<b>w</b>ord" is one), all others do.
    std::uint64_t words = 0;
};

/// Reads any bytes as HTML, as forgivingly as browsers do; never fails.
HtmlScan scan_html(std::string_view html);

} // namespace web
