// How an Exchange tells libcurl what to do.

#include <string>

#include "http/ascii.hpp"
#include "http/client/client_request.hpp"
#include "http/client/exchange.hpp"
#include "http/client/header_list.hpp"
#include "http/client/multi.hpp"
#include "http/client/session_state.hpp"
#include "http/client/tls_trust.hpp"

namespace hocket::http::detail {
namespace {

constexpr const char* user_agent = "hocket/" HOCKET_VERSION;

long version_of(Version version) {
    switch (version) {
    case Version::http2: return CURL_HTTP_VERSION_2TLS;
    case Version::http2_prior_knowledge: return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    default: return CURL_HTTP_VERSION_1_1;
    }
}

/// What stays the same from one request of a session to the next.
void set_session_options(CURL* easy, const SessionSettings& settings) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // do not wait for a name look-up's thread
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version_of(settings.version));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, settings.version == Version::http1 ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); // all that libcurl can decode
    curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent);
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); // keep cookies
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                     static_cast<long>(settings.limits.keepalive_expiry.count()));
    if (!settings.proxy.empty() || !settings.uses_proxy) {
        curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy.c_str());
    }
    if (!settings.uds.empty()) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, settings.uds.c_str());
    }
    set_tls_options(easy, settings);
}

} // namespace

void Exchange::configure() {
    CURL* const easy = easy_.get();
    const ClientRequest& request = *request_;
    const bool is_plain =
        request.method == "GET" && request.body_kind == ClientRequest::BodyKind::none;
    const bool has_auth = request.auth || (session_.settings().auth.scheme != Auth::Scheme::none);
    if (!is_plain || has_auth || !is_plain_) {
        // libcurl forgets to free the list of files when it resets.
        curl_easy_setopt(easy, CURLOPT_COOKIEFILE, nullptr);
        curl_easy_reset(easy);
        set_session_options(easy, session_.settings());
        curl_easy_setopt(easy, CURLOPT_SHARE, session_.share());
        curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Exchange::on_ready_to_send);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
        curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, &Exchange::on_resolve);
        curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, this);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Exchange::on_open_socket);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
        multi().watch_sockets_of(easy);
        set_method(request);
        set_body(request, uploads_);
        if (has_auth && !request.is_cross_origin) {
            const OwnAuth& auth = request.auth ? *request.auth : session_.settings().auth;
            curl_easy_setopt(easy, CURLOPT_HTTPAUTH,
                             auth.scheme == Auth::Scheme::digest ? CURLAUTH_DIGEST
                                                                 : CURLAUTH_BASIC);
            curl_easy_setopt(easy, CURLOPT_USERNAME, auth.username.c_str());
            curl_easy_setopt(easy, CURLOPT_PASSWORD, auth.password.c_str());
        }
        is_plain_ = is_plain && !has_auth;
    }
    error_text_[0] = '\0';
    set_headers(request);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
}

void Exchange::set_method(const ClientRequest& request) {
    CURL* const easy = easy_.get();
    if (request.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

void Exchange::set_headers(const ClientRequest& request) {
    own_headers_.reset();
    const bool has_body = request.body_kind != ClientRequest::BodyKind::none;
    if (!request.headers && !has_body && !request.is_cross_origin) {
        curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, session_.common_headers());
        return;
    }
    HeaderList list;
    bool has_type = false;
    bool has_expect = false;
    const auto add = [&](Headers::Field field) {
        has_type = has_type || equals_ignoring_case(field.name, "content-type");
        has_expect = has_expect || equals_ignoring_case(field.name, "expect");
        list.add(field);
    };
    for (const auto field : session_.settings().headers) {
        const bool is_secret = equals_ignoring_case(field.name, "authorization") ||
                               equals_ignoring_case(field.name, "cookie");
        if (request.is_cross_origin && is_secret) continue;
        if (!request.headers || !request.headers->contains(field.name)) add(field);
    }
    if (request.headers) {
        for (const auto field : *request.headers) add(field);
    }
    if (!has_type && !request.content_type.empty())
        list.add({"Content-Type", request.content_type});
    if (!has_type && request.content_type.empty() && !request.form) list.omit("Content-Type");
    if (!has_expect) list.omit("Expect"); // libcurl would wait a second for servers that ignore it
    own_headers_.reset(list.release());
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, own_headers_.get());
}

void Exchange::set_body(const ClientRequest& request, const Uploads& uploads) {
    CURL* const easy = easy_.get();
    switch (request.body_kind) {
    case ClientRequest::BodyKind::none:
        // These have bodies; without one they must say so.
        if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
        }
        return;
    case ClientRequest::BodyKind::bytes:
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        break;
    case ClientRequest::BodyKind::stream:
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Exchange::on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, this);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                         curl_off_t{uploads.front()->size().value_or(-1)});
        break;
    case ClientRequest::BodyKind::form: set_form(request, uploads); break;
    }
    // libcurl derives the method from the kind of the body.
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Exchange::set_form(const ClientRequest& request, const Uploads& uploads) {
    form_.reset(curl_mime_init(easy_.get()));
    if (!form_) throw std::bad_alloc();
    auto upload = uploads.begin();
    for (const Multipart::Part& part : request.form->parts()) {
        curl_mimepart* const added = curl_mime_addpart(form_.get());
        if (added == nullptr) throw std::bad_alloc();
        curl_mime_name(added, part.name.c_str());
        if (part.is_file) {
            curl_mime_data_cb(added, curl_off_t{(*upload)->size().value_or(-1)},
                              &Exchange::on_part_read, nullptr, nullptr, upload->get());
            ++upload;
        } else {
            curl_mime_data(added, part.content.data(), part.content.size());
        }
        if (part.filename) curl_mime_filename(added, part.filename->c_str());
        if (!part.content_type.empty()) curl_mime_type(added, part.content_type.c_str());
    }
    curl_easy_setopt(easy_.get(), CURLOPT_MIMEPOST, form_.get());
}

} // namespace hocket::http::detail
