#include "http/client/failure.hpp"

#include <charconv>
#include <system_error>

#include <hocket/http/client_errors.hpp>

#include "engine/format_seconds.hpp"
#include "engine/tls_failure.hpp"

namespace hocket::http::detail {
namespace {

/// The system's error of a transfer on a socket. libcurl does not clear the last one, so its text
/// says whether there was one.
std::error_code socket_error(const CurlFailure& failure) {
    const bool is_of_the_socket =
        failure.detail.starts_with("Recv failure") || failure.detail.starts_with("Send failure");
    return {is_of_the_socket ? failure.system_error : 0, std::system_category()};
}

/// What hocket's own TLS would add to OpenSSL's error, whose number libcurl's text contains:
/// "error:0A00010B:SSL routines::wrong version number".
std::string_view tls_hint_of(std::string_view detail) {
    constexpr std::string_view mark = "error:";
    const auto at = detail.rfind(mark); // "TLS connect error: error:0A…" in newer versions
    if (at == detail.npos) return {};
    unsigned number = 0;
    detail.remove_prefix(at + mark.size());
    std::from_chars(detail.data(), detail.data() + detail.size(), number, 16);
    return engine::tls_hint({static_cast<int>(number), engine::tls_category()});
}

} // namespace

void Failure::throw_curl(const CurlFailure& failure) const {
    const std::string why(failure.detail.empty() ? curl_easy_strerror(failure.code)
                                                 : failure.detail);
    switch (failure.code) {
    case CURLE_URL_MALFORMAT: throw InvalidURL(request + ": " + why);
    case CURLE_UNSUPPORTED_PROTOCOL:
        // What does not begin like HTTP is taken for its first version.
        if (why.find("HTTP/0.9") != why.npos) fail<RemoteProtocolError>(why);
        fail<UnsupportedProtocol>(why);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: fail<ProxyError>(why);
    case CURLE_COULDNT_CONNECT:
        fail<ConnectError>(why, std::error_code(failure.system_error, std::system_category()));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_INTERFACE_FAILED: fail<ConnectError>(why);
    case CURLE_OPERATION_TIMEDOUT: fail<ConnectTimeout>(why);
    case CURLE_PEER_FAILED_VERIFICATION:
        if (failure.certificate_problem.empty()) fail<CertificateError>(why);
        fail<CertificateError>("the certificate of " + std::string(failure.host) + " " +
                               std::string(failure.certificate_problem));
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS: fail<CertificateError>(why);
    case CURLE_SSL_CONNECT_ERROR:
        fail<TLSError>("TLS handshake with " + std::string(failure.host) +
                       std::string(tls_hint_of(failure.detail)) + ": " + why);
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CLIENTCERT: fail<TLSError>(why);
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND: fail<WriteError>(why, socket_error(failure));
    case CURLE_RECV_ERROR: throw_receive_error(failure, why);
    case CURLE_BAD_CONTENT_ENCODING: fail<DecodingError>(why);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: fail<IncompleteResponse>(why, failure.received, failure.expected);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_CHUNK_FAILED: fail<RemoteProtocolError>(why);
    case CURLE_OUT_OF_MEMORY: throw std::bad_alloc();
    default: fail<TransportError>(why);
    }
}

// libcurl has one code for what fails while it receives.
void Failure::throw_receive_error(const CurlFailure& failure, const std::string& why) const {
    // "in chunked-encoding", or "chunk hex-length char" in newer versions.
    if (why.find("chunk") != why.npos) fail<RemoteProtocolError>(why);
    // Newer versions notice by themselves that TLS was cut off.
    if (why.find("unexpected eof while reading") != why.npos)
        fail<IncompleteResponse>("the connection ended without close_notify", failure.received,
                                 failure.expected);
    fail<ReadError>(why, socket_error(failure));
}

void Failure::throw_pool_timeout(std::chrono::nanoseconds time, const Limits& limits) const {
    fail<PoolTimeout>("no connection was free within " +
                      engine::format_seconds(time, 3, std::chars_format::general) +
                      "; the limits are " + std::to_string(limits.max_connections) +
                      " connections and " + std::to_string(limits.max_connections_per_host) +
                      " for each host (0: no limit)");
}

void Failure::throw_connect_timeout(std::chrono::nanoseconds time) const {
    fail<ConnectTimeout>("not connected within " +
                         engine::format_seconds(time, 3, std::chars_format::general));
}

void Failure::throw_write_timeout(std::chrono::nanoseconds time) const {
    fail<WriteTimeout>("the server accepted nothing for " +
                       engine::format_seconds(time, 3, std::chars_format::general));
}

void Failure::throw_read_timeout(std::chrono::nanoseconds time) const {
    fail<ReadTimeout>("the server sent nothing for " +
                      engine::format_seconds(time, 3, std::chars_format::general));
}

void Failure::throw_too_large(const char* what, std::size_t limit) const {
    fail<BodyTooLarge>("the " + std::string(what) + " of the response exceeds the limit of " +
                       std::to_string(limit) + " bytes");
}

void Failure::throw_closed() const { fail<CloseError>("the session was closed"); }

void Failure::throw_too_many_redirects(unsigned limit) const {
    fail<TooManyRedirects>("redirected more than " + std::to_string(limit) + " times");
}

} // namespace hocket::http::detail
