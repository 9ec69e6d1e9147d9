#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "web/page_contents.hpp"
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
    std::optional<std::string> title;
    Problem problem = Problem::none;
    std::string message;  ///< what was wrong, for people
    std::string not_kept; ///< why a page that came could not be kept

    void add(PageContents contents);
};

/// What the way to a page needs of a response.
struct Response {
    int status = 0;
    std::string reason; ///< "Not Found"
    std::optional<std::string> location;
    std::string content_type;
    std::string body;
};

/// The way to one page, through redirects, without any input or output: whoever drives it requests
/// url(), and passes the response to take(), which says whether there is another page to request.
class PageFetch {
public:
    static constexpr int max_redirects = 10;

    /// `site` is the URL the crawl began with: it says which links are the same site's.
    PageFetch(Url site, Url page);

    /// Where the request goes now.
    const Url& url() const { return url_; }
    const Url& site() const { return site_; }

    /// True when the response redirects to another page of the site, which is now url().
    bool take(Response response);

    /// The page could not be had, which is its outcome.
    void fail(Problem problem, const std::string& message);
    void fail(const std::error_code& error);

    /// What the last response says, but for what only its HTML tells: where the outcome is `html`,
    /// that is read_page(body(), url(), site()), here or elsewhere, for the outcome's add().
    PageOutcome answer() const;
    /// The answer with what its HTML tells.
    PageOutcome outcome() const;

    std::string_view body() const { return response_.body; }

private:
    bool follow(const Url& target);
    PageOutcome failed(Problem problem, const std::string& message) const;

    Url site_;
    Url url_;
    int redirects_ = 0;
    std::optional<std::string> off_site_url_;
    Response response_;
    std::optional<PageOutcome> failure_;
};

} // namespace web
