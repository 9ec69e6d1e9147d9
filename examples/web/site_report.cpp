#include "web/site_report.hpp"

#include <algorithm>
#include <charconv>

#include "web/json.hpp"

namespace web {
namespace {

std::string json_number(double value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc{} ? std::string(text, end) : "0";
}

const char* json_boolean(bool value) { return value ? "true" : "false"; }

/// A JSON array with one item a line, so that reports can be read and compared as text.
template <class Items, class ItemToJson>
std::string json_lines(const Items& items, ItemToJson item_to_json) {
    std::string out = "[";
    const char* separator = "\n    ";
    for (const auto& item : items) {
        out += separator + item_to_json(item);
        separator = ",\n    ";
    }
    return out + (items.empty() ? "]" : "\n  ]");
}

std::string page_to_json(const PageReport& page) {
    return "{\"url\": " + json_string(page.url) + ", \"status\": " + std::to_string(page.status) +
           ", \"html\": " + json_boolean(page.html) + ", \"bytes\": " + std::to_string(page.bytes) +
           ", \"words\": " + std::to_string(page.words) +
           ", \"not_kept\": " + json_string(page.not_kept) + "}";
}

std::string redirect_to_json(const RedirectReport& redirect) {
    return "{\"from\": " + json_string(redirect.from) + ", \"to\": " + json_string(redirect.to) +
           "}";
}

std::string broken_to_json(const BrokenLink& broken) {
    std::string out = "{\"url\": " + json_string(broken.url) +
                      ", \"problem\": " + json_string(problem_name(broken.problem)) +
                      ", \"message\": " + json_string(broken.message) + ", \"linked_from\": [";
    const char* separator = "";
    for (const std::string& page : broken.linked_from) {
        out += separator + json_string(page);
        separator = ", ";
    }
    return out + "]}";
}

std::uint64_t whole_number(const JsonValue& value) {
    return static_cast<std::uint64_t>(value.number());
}

std::string describe(const PageReport& page) {
    return "page " + page.url + " (" + std::to_string(page.status) + ", " +
           std::to_string(page.bytes) + " bytes, " + std::to_string(page.words) + " words" +
           (page.not_kept.empty() ? "" : ", not kept: " + page.not_kept) + ")";
}

std::string describe(const RedirectReport& redirect) {
    return "redirect " + redirect.from + " → " + redirect.to;
}

std::string describe(const BrokenLink& broken) {
    return "broken link " + broken.url + " (" + broken.message + "; linked from " +
           std::to_string(broken.linked_from.size()) + " pages)";
}

template <class Item>
void append_missing(const std::vector<Item>& from, const std::vector<Item>& in,
                    const std::string& only, std::vector<std::string>& lines) {
    for (const Item& item : from)
        if (std::find(in.begin(), in.end(), item) == in.end())
            lines.push_back("only " + only + ": " + describe(item));
}

template <class Item>
void append_differences(const std::vector<Item>& a, const std::vector<Item>& b,
                        const std::string& name_a, const std::string& name_b,
                        std::vector<std::string>& lines) {
    if (a == b) return;
    append_missing(a, b, name_a, lines);
    append_missing(b, a, name_b, lines);
}

} // namespace

std::uint64_t SiteReport::words() const {
    std::uint64_t sum = 0;
    for (const PageReport& page : pages) sum += page.words;
    return sum;
}

std::size_t SiteReport::html_pages() const {
    return static_cast<std::size_t>(std::count_if(
        pages.begin(), pages.end(), [](const PageReport& page) { return page.html; }));
}

std::size_t SiteReport::pages_not_kept() const {
    return static_cast<std::size_t>(std::count_if(
        pages.begin(), pages.end(), [](const PageReport& page) { return !page.not_kept.empty(); }));
}

double SiteReport::pages_per_second() const {
    return seconds > 0 ? static_cast<double>(pages.size()) / seconds : 0;
}

std::string to_json(const SiteReport& report) {
    return "{\n  \"way\": " + json_string(report.way) +
           ",\n  \"start\": " + json_string(report.start) +
           ",\n  \"seconds\": " + json_number(report.seconds) +
           ",\n  \"peak_memory_kib\": " + std::to_string(report.peak_memory_kib) +
           ",\n  \"worker_processes\": " + std::to_string(report.worker_processes) +
           ",\n  \"interrupted\": " + json_boolean(report.interrupted) +
           ",\n  \"words\": " + std::to_string(report.words()) +
           ",\n  \"pages\": " + json_lines(report.pages, page_to_json) +
           ",\n  \"redirects\": " + json_lines(report.redirects, redirect_to_json) +
           ",\n  \"broken\": " + json_lines(report.broken, broken_to_json) + "\n}\n";
}

SiteReport report_from_json(std::string_view text) {
    const JsonValue json = parse_json(text);
    SiteReport report;
    report.way = json.at("way").text();
    report.start = json.at("start").text();
    report.seconds = json.at("seconds").number();
    report.peak_memory_kib = whole_number(json.at("peak_memory_kib"));
    report.worker_processes = whole_number(json.at("worker_processes"));
    report.interrupted = json.at("interrupted").boolean();
    for (const JsonValue& page : json.at("pages").items())
        report.pages.push_back({page.at("url").text(), static_cast<int>(page.at("status").number()),
                                page.at("html").boolean(), whole_number(page.at("bytes")),
                                whole_number(page.at("words")), page.at("not_kept").text()});
    for (const JsonValue& redirect : json.at("redirects").items())
        report.redirects.push_back({redirect.at("from").text(), redirect.at("to").text()});
    for (const JsonValue& item : json.at("broken").items()) {
        BrokenLink& broken = report.broken.emplace_back();
        broken.url = item.at("url").text();
        broken.problem = problem_named(item.at("problem").text());
        broken.message = item.at("message").text();
        for (const JsonValue& page : item.at("linked_from").items())
            broken.linked_from.push_back(page.text());
    }
    return report;
}

std::vector<std::string> differences(const SiteReport& a, const SiteReport& b) {
    std::vector<std::string> lines;
    append_differences(a.pages, b.pages, a.way, b.way, lines);
    append_differences(a.redirects, b.redirects, a.way, b.way, lines);
    append_differences(a.broken, b.broken, a.way, b.way, lines);
    return lines;
}

} // namespace web
