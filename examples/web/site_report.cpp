#include "web/site_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace web {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const PageReport& page) {
    return {{"url", page.url},     {"status", page.status}, {"html", page.html},
            {"bytes", page.bytes}, {"words", page.words},   {"not_kept", page.not_kept}};
}

Json to_json(const RedirectReport& redirect) {
    return {{"from", redirect.from}, {"to", redirect.to}};
}

Json to_json(const BrokenLink& broken) {
    return {{"url", broken.url},
            {"problem", problem_name(broken.problem)},
            {"message", broken.message},
            {"linked_from", broken.linked_from}};
}

template <class Item> Json array_of(const std::vector<Item>& items) {
    Json array = Json::array();
    for (const Item& item : items) array.push_back(to_json(item));
    return array;
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
    const Json json{{"way", report.way},
                    {"start", report.start},
                    {"seconds", report.seconds},
                    {"peak_memory_kib", report.peak_memory_kib},
                    {"worker_processes", report.worker_processes},
                    {"interrupted", report.interrupted},
                    {"words", report.words()},
                    {"pages", array_of(report.pages)},
                    {"redirects", array_of(report.redirects)},
                    {"broken", array_of(report.broken)}};
    // URLs and messages of servers need not be UTF-8.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

SiteReport report_from_json(std::string_view text) {
    const Json json = Json::parse(text);
    SiteReport report;
    report.way = json.at("way");
    report.start = json.at("start");
    report.seconds = json.at("seconds");
    report.peak_memory_kib = json.at("peak_memory_kib");
    report.worker_processes = json.at("worker_processes");
    report.interrupted = json.at("interrupted");
    for (const Json& page : json.at("pages"))
        report.pages.push_back({page.at("url"), page.at("status"), page.at("html"),
                                page.at("bytes"), page.at("words"), page.at("not_kept")});
    for (const Json& redirect : json.at("redirects"))
        report.redirects.push_back({redirect.at("from"), redirect.at("to")});
    for (const Json& item : json.at("broken")) {
        BrokenLink& broken = report.broken.emplace_back();
        broken.url = item.at("url");
        broken.problem = problem_named(item.at("problem").get<std::string>());
        broken.message = item.at("message");
        broken.linked_from = item.at("linked_from").get<std::vector<std::string>>();
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
