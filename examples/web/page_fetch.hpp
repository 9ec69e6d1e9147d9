#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "web/http_error.hpp"
#include "web/page_contents.hpp"
#include "web/response_parser.hpp"
#include "web/url.hpp"

namespace web {

enum class Problem {
    none,
    http_status,   ///< the server answered 4xx or 5xx
    refused,       ///< nobody listens there
    unreachable,   ///< no such host, no route, connection reset …
    cut_off,       ///< the connection ended before the page did
    not_http,      ///< what came is not valid HTTP
    redirect_loop, ///< more than max_redirects in a row
    timeout,
    too_large,
    reader_died,         ///< the process that read its HTML ended before it was through
    certificate_refused, ///< https: the server's certificate is not to be believed
    tls_failed,          ///< https: it does not speak TLS, or none that we do
};

/// "cut-off", "redirect-loop" …: the names used in JSON.
std::string_view problem_name(Problem problem);
/// The problem of that name. Throws std::invalid_argument for any other text.
Problem problem_named(std::string_view name);

/// What came of asking for one page.
struct PageOutcome {
    std::string final_url; ///< where redirects led; the page's own URL when there were none
    bool off_site = false; ///< a redirect led to another site; nothing was fetched there
    int status = 0;
    bool html = false;
    std::uint64_t bytes = 0;
    std::uint64_t words = 0;
    std::vector<std::string> links; ///< as in PageContents
    Problem problem = Problem::none;
    std::string message;  ///< what was wrong, for people
    std::string not_kept; ///< why a page that came could not be kept in a file

    void add(PageContents contents);
};

/// The way to one page, through redirects, without any input or output: whoever drives it sends
/// request() to url(), feeds the parser with what comes back, and asks follow() what is next.
class PageFetch {
public:
    static constexpr int max_redirects = 10;

    /// `site` is the URL the crawl began with: it says which links are the same site's.
    PageFetch(Url site, Url page);

    /// Where the request goes now.
    const Url& url() const { return url_; }
    const Url& site() const { return site_; }
    std::string request() const;

    ResponseParser& parser() { return parser_; }
    /// Begins the current request again on a new connection (the old one had been closed).
    void restart();

    /// The response is complete: true when it redirects to another page of the site, which is
    /// now url(). Throws HttpError for a redirect without a usable Location.
    bool follow();

    /// What the last response says, but for what only its HTML tells: where the outcome is `html`,
    /// that is read_page(body(), url(), site()), here or elsewhere, for the outcome's add().
    PageOutcome answer();
    /// The answer with what its HTML tells.
    PageOutcome outcome();

    std::string_view body() const { return parser_.response().body; }

    /// The outcome when the page could not be had.
    PageOutcome failed(Problem problem, const std::string& message) const;
    PageOutcome failed(const HttpError& error) const;
    PageOutcome failed(const std::error_code& error) const;

private:
    Url site_;
    Url url_;
    int redirects_ = 0;
    bool off_site_ = false;
    std::string off_site_url_;
    ResponseParser parser_;
};

} // namespace web
