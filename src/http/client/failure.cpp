#include "http/client/failure.hpp"

#include <hocket/http/client_errors.hpp>

#include "engine/format_seconds.hpp"

namespace hocket::http::detail {

void Failure::throw_curl(CURLcode code, const char* detail) const {
    const std::string why =
        detail != nullptr && *detail != '\0' ? detail : curl_easy_strerror(code);
    switch (code) {
    case CURLE_URL_MALFORMAT: throw InvalidURL(request + ": " + why);
    case CURLE_UNSUPPORTED_PROTOCOL: fail<UnsupportedProtocol>(why);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: fail<ProxyError>(why);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED: fail<ConnectError>(why);
    case CURLE_OPERATION_TIMEDOUT: fail<ConnectTimeout>(why);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT: fail<TLSError>(why);
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND: fail<WriteError>(why);
    case CURLE_RECV_ERROR: fail<ReadError>(why);
    case CURLE_BAD_CONTENT_ENCODING: fail<DecodingError>(why);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_CHUNK_FAILED: fail<RemoteProtocolError>(why);
    case CURLE_OUT_OF_MEMORY: throw std::bad_alloc();
    default: fail<TransportError>(why);
    }
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
