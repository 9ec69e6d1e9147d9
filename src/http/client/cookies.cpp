#include <hocket/http/cookies.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include <curl/curl.h>

#include <hocket/errors.hpp>

#include "http/ascii.hpp"
#include "http/client/session_state.hpp"

namespace hocket::http {
namespace {

// libcurl gives and takes cookies as lines of Netscape's file format.
constexpr std::string_view http_only = "#HttpOnly_";

Cookie parsed(std::string_view line) {
    if (line.starts_with(http_only)) line.remove_prefix(http_only.size());
    const auto next = [&line] {
        const auto tab = std::min(line.find('\t'), line.size());
        const std::string_view field = line.substr(0, tab);
        line.remove_prefix(std::min(tab + 1, line.size()));
        return std::string(field);
    };
    Cookie cookie;
    cookie.domain = next();
    next(); // whether subdomains get it; the domain says so too
    cookie.path = next();
    cookie.secure = next() == "TRUE";
    const std::string expires = next();
    long long seconds = 0;
    std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (seconds != 0) {
        cookie.expires = std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
    }
    cookie.name = next();
    cookie.value = next();
    return cookie;
}

void check(const char* what, std::string_view text) {
    for (const char c : text) {
        if (detail::is_control(c)) {
            throw ValueError(std::string("the ") + what + " of a cookie, " + detail::quoted(text) +
                             ", contains the control character " + detail::quoted({&c, 1}));
        }
    }
}

} // namespace

Cookies::Cookies(std::shared_ptr<detail::SessionState> session) noexcept
    : session_(std::move(session)) {}

std::vector<Cookie> Cookies::all() const {
    std::vector<Cookie> cookies;
    curl_slist* lines = nullptr;
    curl_easy_getinfo(session_->cookie_handle(), CURLINFO_COOKIELIST, &lines);
    for (const curl_slist* line = lines; line != nullptr; line = line->next) {
        cookies.push_back(parsed(line->data));
    }
    curl_slist_free_all(lines);
    return cookies;
}

std::optional<std::string> Cookies::get(std::string_view name) const {
    for (Cookie& cookie : all()) {
        if (cookie.name == name) return std::move(cookie.value);
    }
    return std::nullopt;
}

void Cookies::set(const Cookie& cookie) {
    if (cookie.name.empty()) throw ValueError("the name of a cookie is empty");
    if (cookie.domain.empty()) {
        throw ValueError("the cookie " + detail::quoted(cookie.name) + " has no domain");
    }
    check("name", cookie.name);
    check("value", cookie.value);
    check("domain", cookie.domain);
    check("path", cookie.path);
    long long expires = 0;
    if (cookie.expires) {
        expires =
            std::chrono::duration_cast<std::chrono::seconds>(cookie.expires->time_since_epoch())
                .count();
    }
    const std::string line = cookie.domain + '\t' +
                             (cookie.domain.starts_with('.') ? "TRUE" : "FALSE") + '\t' +
                             cookie.path + '\t' + (cookie.secure ? "TRUE" : "FALSE") + '\t' +
                             std::to_string(expires) + '\t' + cookie.name + '\t' + cookie.value;
    curl_easy_setopt(session_->cookie_handle(), CURLOPT_COOKIELIST, line.c_str());
}

void Cookies::clear() { curl_easy_setopt(session_->cookie_handle(), CURLOPT_COOKIELIST, "ALL"); }

} // namespace hocket::http
