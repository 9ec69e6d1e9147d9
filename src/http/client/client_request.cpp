#include "http/client/client_request.hpp"

#include <algorithm>
#include <utility>

#include <curl/curl.h>

#include <hocket/errors.hpp>
#include <hocket/http/client_errors.hpp>

#include "http/ascii.hpp"

namespace hocket::http::detail {
namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

void check_method(std::string_view method) {
    if (method.empty()) throw ValueError("the method of a request is empty");
    for (const char c : method) {
        if (!is_token(c)) {
            throw ValueError("the method " + quoted(method) + " contains " + quoted({&c, 1}) +
                             "; letters, digits and !#$%&'*+-.^_`|~ are allowed");
        }
    }
}

struct CloseUrl {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using UrlPointer = std::unique_ptr<CURLU, CloseUrl>;

UrlPointer parsed(const std::string& url) {
    UrlPointer handle(curl_url());
    const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0);
    if (code != CURLUE_OK) {
        throw InvalidURL("the URL " + quoted(url, 200) + ": " + curl_url_strerror(code));
    }
    return handle;
}

std::string part_of(const UrlPointer& url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

std::string origin_of(const UrlPointer& url) {
    return part_of(url, CURLUPART_SCHEME) + "://" + part_of(url, CURLUPART_HOST) + ":" +
           part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

} // namespace

std::string encoded_url(std::string_view url) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (url.empty()) throw InvalidURL("the URL is empty");
    const auto scheme_end = url.find("://");
    const auto host_end = scheme_end == url.npos ? 0 : url.find_first_of("/?#", scheme_end + 3);
    std::string encoded;
    encoded.reserve(url.size() + 8);
    for (std::size_t i = 0; i < url.size(); ++i) {
        const auto byte = static_cast<unsigned char>(url[i]);
        if (is_control(url[i])) {
            throw InvalidURL("the URL " + quoted(url, 200) + " contains the control character " +
                             quoted(url.substr(i, 1)));
        }
        // Names of hosts that are not ASCII are converted by libcurl.
        if (i >= host_end &&
            (byte >= 0x80 || byte == ' ' || byte == '"' || byte == '<' || byte == '>')) {
            encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
        } else {
            encoded += url[i];
        }
    }
    return encoded;
}

void append_query(std::string& url, const QueryParams& params) {
    if (params.empty()) return;
    std::string fragment;
    if (const auto at = url.find('#'); at != url.npos) {
        fragment = url.substr(at);
        url.resize(at);
    }
    const auto question = url.find('?');
    if (question == url.npos) {
        url += '?';
    } else if (question + 1 != url.size()) {
        url += '&';
    }
    url += params.encoded() + fragment;
}

std::string without_password(std::string_view url) {
    const auto begin = std::min(url.find("//") + 2, url.size());
    const auto end = std::min(url.find_first_of("/?#", begin), url.size());
    const auto at = url.substr(0, end).rfind('@');
    if (url.find("//") == url.npos || at == url.npos || at < begin) return std::string(url);
    return std::string(url.substr(0, begin)) + std::string(url.substr(at + 1));
}

ClientRequest::ClientRequest(std::string_view given_method, std::string_view given_url,
                             const RequestOptions& options)
    : method(given_method),
      url(encoded_url(given_url)),
      timeout(options.timeout),
      follow_redirects(options.follow_redirects),
      max_body_bytes(options.max_body_bytes) {
    check_method(method);
    if (options.headers.get() != nullptr) {
        headers = std::make_unique<Headers>(*options.headers.get());
    }
    if (options.params.get() != nullptr) append_query(url, *options.params.get());
    if (options.auth) auth.emplace(*options.auth);
    take_body(options);
}

void ClientRequest::take_body(const RequestOptions& options) {
    const int bodies = int{options.content.has_value()} + int{options.json.has_value()} +
                       int{!options.file.empty()} + int{options.data.get() != nullptr} +
                       int{options.files.get() != nullptr} +
                       int{options.stream.generator() != nullptr};
    if (bodies > 1) {
        throw ValueError("a request has " + std::to_string(bodies) +
                         " bodies; give at most one of content, json, data, files, file, stream");
    }
    if (options.content || options.json) {
        body_kind = BodyKind::bytes;
        body = options.json.value_or(options.content.value_or(std::string_view()));
        if (options.json) content_type = "application/json";
    } else if (options.data.get() != nullptr) {
        body_kind = BodyKind::bytes;
        body = options.data.get()->encoded();
        content_type = form_type;
    } else if (options.files.get() != nullptr) {
        body_kind = BodyKind::form;
        form = *options.files.get();
    } else if (!options.file.empty()) {
        body_kind = BodyKind::stream;
        body = options.file;
        is_file = true;
    } else if (options.stream.generator() != nullptr) {
        body_kind = BodyKind::stream;
        generator.emplace(std::move(*options.stream.generator()));
    }
}

void ClientRequest::drop_body() {
    body_kind = BodyKind::none;
    body.clear();
    content_type = {};
    generator.reset();
    form.reset();
    is_file = false;
    if (headers) {
        for (const char* name : {"content-type", "content-length", "transfer-encoding"}) {
            headers->erase(name);
        }
    }
}

void ClientRequest::redirect(int status, std::string_view location) {
    const UrlPointer target = parsed(url);
    const std::string from = origin_of(target);
    const std::string to = encoded_url(location);
    if (curl_url_set(target.get(), CURLUPART_URL, to.c_str(), 0) != CURLUE_OK) {
        throw RemoteProtocolError(
            text() + ": the server redirects to an invalid URL: " + quoted(location, 200),
            without_password(url));
    }
    // As browsers do: these change every method but HEAD to GET, except that 301 and 302 change
    // only POST.
    const bool becomes_get = (status == 303 && method != "HEAD") ||
                             ((status == 301 || status == 302) && method == "POST");
    if (becomes_get) {
        method = "GET";
        drop_body();
    } else if (body_kind == BodyKind::stream && !is_file) {
        throw StreamConsumed(text() + ": the server redirects to " + quoted(location, 200) +
                                 ", but the body came from a generator and cannot be sent again",
                             without_password(url));
    }
    if (origin_of(target) != from) {
        is_cross_origin = true;
        auth.reset();
        if (headers) {
            for (const char* name : {"authorization", "cookie", "proxy-authorization", "host"}) {
                headers->erase(name);
            }
        }
    }
    url = part_of(target, CURLUPART_URL);
}

std::string ClientRequest::host() const {
    std::string host = part_of(parsed(url), CURLUPART_HOST);
    if (host.starts_with('[')) host = host.substr(1, host.find(']') - 1);
    return host;
}

std::string ClientRequest::text() const { return method + " " + without_password(url); }

} // namespace hocket::http::detail
