#include "web/page_fetch.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "web/ascii.hpp"

namespace web {
namespace {

constexpr std::array<std::pair<Problem, std::string_view>, 12> problem_names{{
    {Problem::none, "none"},
    {Problem::http_status, "http-status"},
    {Problem::refused, "refused"},
    {Problem::unreachable, "unreachable"},
    {Problem::cut_off, "cut-off"},
    {Problem::not_http, "not-http"},
    {Problem::redirect_loop, "redirect-loop"},
    {Problem::timeout, "timeout"},
    {Problem::too_large, "too-large"},
    {Problem::reader_died, "reader-died"},
    {Problem::certificate_refused, "certificate-refused"},
    {Problem::tls_failed, "tls-failed"},
}};

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_html(std::string_view content_type) {
    const auto essence = trim(content_type.substr(0, content_type.find(';')));
    return equals_ignoring_case(essence, "text/html") ||
           equals_ignoring_case(essence, "application/xhtml+xml");
}

std::string status_text(const Response& response) {
    return std::to_string(response.status) + " " + response.reason;
}

} // namespace

void PageOutcome::add(PageContents contents) {
    words = contents.words;
    links = std::move(contents.links);
    title = std::move(contents.title);
}

std::string_view problem_name(Problem problem) {
    for (const auto& [value, name] : problem_names)
        if (value == problem) return name;
    return "none";
}

Problem problem_named(std::string_view name) {
    for (const auto& [value, known] : problem_names)
        if (known == name) return value;
    throw std::invalid_argument("there is no problem named " + quoted(name));
}

PageFetch::PageFetch(Url site, Url page) : site_(std::move(site)), url_(std::move(page)) {}

bool PageFetch::take(Response response) {
    response_ = std::move(response);
    if (!is_redirect(response_.status)) return false;
    if (!response_.location) {
        fail(Problem::not_http, status_text(response_) + " without a Location");
        return false;
    }
    const auto target = resolve(url_, *response_.location);
    if (target && same_site(*target, site_)) return follow(*target);
    off_site_url_ = target ? target->to_string() : *response_.location;
    return false;
}

bool PageFetch::follow(const Url& target) {
    url_ = target;
    ++redirects_;
    if (redirects_ <= max_redirects) return true;
    fail(Problem::redirect_loop,
         "redirect loop: more than " + std::to_string(max_redirects) + " redirects");
    return false;
}

PageOutcome PageFetch::answer() const {
    if (failure_) return *failure_;
    PageOutcome outcome;
    outcome.final_url = off_site_url_.value_or(url_.to_string());
    outcome.off_site = off_site_url_.has_value();
    outcome.status = response_.status;
    if (outcome.off_site) return outcome;
    if (response_.status < 200 || response_.status >= 300) {
        outcome = failed(Problem::http_status, status_text(response_));
        outcome.status = response_.status;
        return outcome;
    }
    outcome.bytes = response_.body.size();
    outcome.html = is_html(response_.content_type);
    return outcome;
}

PageOutcome PageFetch::outcome() const {
    PageOutcome outcome = answer();
    if (outcome.html) outcome.add(read_page(body(), url_, site_));
    return outcome;
}

PageOutcome PageFetch::failed(Problem problem, const std::string& message) const {
    PageOutcome outcome;
    outcome.final_url = url_.to_string();
    outcome.problem = problem;
    outcome.message = message;
    if (redirects_ > 0) outcome.message += ", after a redirect to " + outcome.final_url;
    return outcome;
}

void PageFetch::fail(Problem problem, const std::string& message) {
    failure_ = failed(problem, message);
}

void PageFetch::fail(const std::error_code& error) {
    if (error == std::errc::connection_refused) return fail(Problem::refused, "connection refused");
    if (error == std::errc::timed_out) return fail(Problem::timeout, "connection timed out");
    if (error == std::errc::connection_reset || error == std::errc::broken_pipe)
        return fail(Problem::cut_off, "cut off: the server reset the connection");
    fail(Problem::unreachable, error.message());
}

} // namespace web
