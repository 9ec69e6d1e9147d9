#include "web/page_fetch.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "web/ascii.hpp"
#include "web/http_status.hpp"

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

bool is_html(const Response& response) {
    const std::string* type = response.field("content-type");
    if (!type) return false;
    const auto essence = trim(std::string_view(*type).substr(0, type->find(';')));
    return equals_ignoring_case(essence, "text/html") ||
           equals_ignoring_case(essence, "application/xhtml+xml");
}

Problem problem_of(HttpFault fault) {
    switch (fault) {
    case HttpFault::cut_off: return Problem::cut_off;
    case HttpFault::too_large: return Problem::too_large;
    case HttpFault::malformed:
    case HttpFault::unsupported: break;
    }
    return Problem::not_http;
}

} // namespace

void PageOutcome::add(PageContents contents) {
    words = contents.words;
    links = std::move(contents.links);
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

std::string PageFetch::request() const {
    return "GET " + url_.target() + " HTTP/1.1\r\nHost: " + url_.authority() +
           "\r\nUser-Agent: hocket-crawl\r\nAccept: */*\r\n\r\n";
}

void PageFetch::restart() { parser_ = ResponseParser(); }

bool PageFetch::follow() {
    const Response& response = parser_.response();
    if (!is_redirect(response.status)) return false;
    const std::string* location = response.field("location");
    if (!location)
        throw HttpError(HttpFault::malformed, 400,
                        status_text(response.status) + " without a Location");
    const auto target = resolve(url_, *location);
    if (!target || !same_site(*target, site_)) {
        off_site_ = true;
        off_site_url_ = target ? target->to_string() : *location;
        return false;
    }
    url_ = *target;
    ++redirects_;
    restart();
    return redirects_ <= max_redirects;
}

PageOutcome PageFetch::answer() {
    if (redirects_ > max_redirects)
        return failed(Problem::redirect_loop,
                      "redirect loop: more than " + std::to_string(max_redirects) + " redirects");
    Response& response = parser_.response();
    PageOutcome outcome;
    outcome.final_url = off_site_ ? off_site_url_ : url_.to_string();
    outcome.off_site = off_site_;
    outcome.status = response.status;
    if (off_site_) return outcome;
    if (response.status < 200 || response.status >= 300) {
        outcome = failed(Problem::http_status, status_text(response.status));
        outcome.status = response.status;
        return outcome;
    }
    outcome.bytes = response.body.size();
    outcome.html = is_html(response);
    return outcome;
}

PageOutcome PageFetch::outcome() {
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

PageOutcome PageFetch::failed(const HttpError& error) const {
    return failed(problem_of(error.fault()), error.what());
}

PageOutcome PageFetch::failed(const std::error_code& error) const {
    if (error == std::errc::connection_refused)
        return failed(Problem::refused, "connection refused");
    if (error == std::errc::timed_out) return failed(Problem::timeout, "connection timed out");
    if (error == std::errc::connection_reset || error == std::errc::broken_pipe)
        return failed(Problem::cut_off, "cut off: the server reset the connection");
    return failed(Problem::unreachable, error.message());
}

} // namespace web
