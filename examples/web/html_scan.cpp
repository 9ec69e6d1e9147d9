#include "web/html_scan.hpp"

#include <algorithm>
#include <array>

#include "web/ascii.hpp"
#include "web/html_entities.hpp"
#include "web/html_tags.hpp"
#include "web/word_counter.hpp"

namespace web {
namespace {

/// What ends the parts of a tag; looked up, because tags are half of a page.
enum Ends : unsigned char {
    ends_value = 1,   // white space and '>'
    ends_name = 2,    // these, '/' and '='
    ends_tag_name = 4 // white space, '/' and '>'
};

constexpr std::array<unsigned char, 256> make_ends() {
    std::array<unsigned char, 256> ends{};
    for (const char c : std::string_view(" \t\n\f\r>"))
        ends[static_cast<unsigned char>(c)] = ends_value | ends_name | ends_tag_name;
    ends['/'] = ends_name | ends_tag_name;
    ends['='] = ends_name;
    return ends;
}
constexpr auto ends_table = make_ends();

/// The position from `start` on of the first character that ends such a part.
std::size_t find_end(std::string_view text, std::size_t start, Ends what) {
    while (start < text.size() && !(ends_table[static_cast<unsigned char>(text[start])] & what))
        ++start;
    return start;
}

/// <link rel=preconnect> names a host to connect to, not something to fetch.
bool is_connection_hint(std::string_view rel) {
    rel = trim(rel);
    return equals_ignoring_case(rel, "preconnect") || equals_ignoring_case(rel, "dns-prefetch");
}

/// `text` without the white space around it, and with one space for each that is inside.
std::string collapsed(std::string_view text) {
    std::string out;
    for (const char c : trim(text)) {
        if (!is_space(c)) {
            out += c;
        } else if (out.back() != ' ') {
            out += ' ';
        }
    }
    return out;
}

class Scanner {
public:
    explicit Scanner(std::string_view html) : rest_(html) {}

    HtmlScan scan() {
        while (!rest_.empty()) {
            const auto bracket = std::min(rest_.find('<'), rest_.size());
            count_text(rest_.substr(0, bracket));
            rest_.remove_prefix(bracket);
            if (!rest_.empty()) markup();
        }
        result_.words = counter_.words();
        return std::move(result_);
    }

private:
    /// rest_ begins with '<'.
    void markup() {
        const char next = rest_.size() > 1 ? rest_[1] : '\0';
        if (is_alpha(next)) {
            rest_.remove_prefix(1);
            start_tag();
        } else if (next == '/') {
            rest_.remove_prefix(2);
            end_tag();
        } else if (rest_.starts_with("<!--")) {
            skip_comment();
        } else if (next == '!' || next == '?') {
            skip_past(">");
        } else {
            counter_.add("<");
            rest_.remove_prefix(1);
        }
    }

    void start_tag() {
        const TagName name = take_tag_name();
        if (!is_inline(name)) counter_.end_word();
        read_attributes(name);
        if (holds_raw_text(name)) raw_text(name);
    }

    void end_tag() {
        if (rest_.empty() || !is_alpha(rest_.front())) return skip_past(">");
        if (!is_inline(take_tag_name())) counter_.end_word();
        std::string_view name, value;
        while (take_attribute(name, value)) {
        }
    }

    TagName take_tag_name() {
        const std::size_t size = find_end(rest_, 0, ends_tag_name);
        const TagName name = tag(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return name;
    }

    void read_attributes(TagName element) {
        const std::string_view wanted = link_attribute(element);
        std::optional<std::string> link;
        bool skipped = false;
        std::string_view name, value;
        while (take_attribute(name, value)) {
            if (wanted.empty()) continue;
            // Of an attribute that is given twice, the first counts.
            if (!link && equals_ignoring_case(name, wanted)) link = decode_entities(value);
            if (element == tag("link") && equals_ignoring_case(name, "rel"))
                skipped = is_connection_hint(value);
        }
        if (!link || skipped) return;
        if (element != tag("base")) {
            result_.links.push_back(std::move(*link));
        } else if (!result_.base) {
            result_.base = std::move(link);
        }
    }

    /// Takes the next attribute of the tag; false when the tag has ended, its '>' taken too.
    bool take_attribute(std::string_view& name, std::string_view& value) {
        while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == '/'))
            rest_.remove_prefix(1);
        if (rest_.empty()) return false;
        if (rest_.front() == '>') {
            rest_.remove_prefix(1);
            return false;
        }
        // An attribute may even begin with '='.
        const std::size_t size = find_end(rest_, 1, ends_name);
        name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        value = {};
        skip_spaces();
        if (rest_.starts_with('=')) {
            rest_.remove_prefix(1);
            skip_spaces();
            value = take_value();
        }
        return true;
    }

    std::string_view take_value() {
        if (rest_.empty() || rest_.front() == '>') return {};
        if (const char quote = rest_.front(); quote == '"' || quote == '\'') {
            rest_.remove_prefix(1);
            const std::size_t quoted_size = std::min(rest_.find(quote), rest_.size());
            const std::string_view value = rest_.substr(0, quoted_size);
            rest_.remove_prefix(std::min(quoted_size + 1, rest_.size()));
            return value;
        }
        const std::size_t size = find_end(rest_, 0, ends_value);
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }

    void raw_text(TagName element) {
        std::size_t end = 0;
        while ((end = rest_.find("</", end)) != rest_.npos && !is_end_tag(end + 2, element)) ++end;
        end = std::min(end, rest_.size());
        if (raw_text_is_visible(element)) count_text(rest_.substr(0, end));
        if (element == tag("title") && !result_.title)
            result_.title = collapsed(decode_entities(rest_.substr(0, end)));
        rest_.remove_prefix(end);
    }

    /// Whether the tag name at `position` of rest_ is `element`'s.
    bool is_end_tag(std::size_t position, TagName element) const {
        std::size_t end = position;
        while (end < rest_.size() && is_alpha(rest_[end])) ++end;
        const bool name_ends_here =
            end == rest_.size() || is_space(rest_[end]) || rest_[end] == '/' || rest_[end] == '>';
        return name_ends_here && tag(rest_.substr(position, end - position)) == element;
    }

    void skip_comment() {
        // "<!-->" is a whole comment: the closing dashes may be the opening ones.
        rest_.remove_prefix(2);
        skip_past("-->");
    }

    void skip_past(std::string_view end) {
        const auto found = rest_.find(end);
        rest_.remove_prefix(found == rest_.npos ? rest_.size() : found + end.size());
    }

    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }

    void count_text(std::string_view text) {
        for (;;) {
            const auto ampersand = text.find('&');
            counter_.add(text.substr(0, ampersand));
            if (ampersand == text.npos) return;
            text.remove_prefix(ampersand);
            entity_.clear();
            const std::size_t used = decode_entity(text, entity_);
            counter_.add(used == 0 ? "&" : std::string_view(entity_));
            text.remove_prefix(used == 0 ? 1 : used);
        }
    }

    std::string_view rest_;
    HtmlScan result_;
    WordCounter counter_;
    std::string entity_;
};

} // namespace

HtmlScan scan_html(std::string_view html) { return Scanner(html).scan(); }

} // namespace web
