#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/client_options.hpp>

namespace hocket::http::detail {

/// A user name, a password and how they are sent. Owns its texts.
struct OwnAuth {
    OwnAuth() = default;
    explicit OwnAuth(const Auth& auth)
        : scheme(auth.scheme), username(auth.username), password(auth.password) {}

    Auth::Scheme scheme = Auth::Scheme::none;
    std::string username;
    std::string password;
};

/// What a request asks for, with everything that its options referred to. It changes with each
/// redirect.
class ClientRequest {
public:
    /// Checks and copies. Throws ValueError and InvalidURL.
    ClientRequest(std::string_view method, std::string_view url, const RequestOptions& options);

    /// Where the body comes from.
    enum class BodyKind { none, bytes, stream, form };

    std::string method;
    std::string url;
    std::unique_ptr<Headers> headers; // none, for most requests
    BodyKind body_kind = BodyKind::none;
    std::string body;              // bytes, or the path of a file
    std::string_view content_type; // which the body implies
    std::optional<AsyncGenerator<std::string>> generator;
    std::optional<Multipart> form;
    std::optional<OwnAuth> auth;
    std::optional<Timeout> timeout;
    std::optional<bool> follow_redirects;
    std::optional<std::size_t> max_body_bytes;
    bool is_file = false;         // `body` is a path
    bool is_cross_origin = false; // redirected: must not get what was meant for the first server

    /// Turns this into the request that a redirect asks for, as browsers do it. Throws RequestError
    /// if the body cannot be sent again.
    void redirect(int status, std::string_view location);

    /// The URL's host; an IPv6 address without its brackets.
    [[nodiscard]] std::string host() const;
    /// "GET http://…", for errors; without a password in the URL.
    [[nodiscard]] std::string text() const;

private:
    void take_body(const RequestOptions& options);
    void drop_body();
};

/// The URL with bytes percent-encoded that must not occur in one. Throws InvalidURL for control
/// characters and for an empty URL.
[[nodiscard]] std::string encoded_url(std::string_view url);
/// `url` with `query` appended to its query.
void append_query(std::string& url, const QueryParams& params);
/// `url` without a user name and a password.
[[nodiscard]] std::string without_password(std::string_view url);

} // namespace hocket::http::detail
