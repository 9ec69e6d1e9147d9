#pragma once

#include <hocket/http/client_response.hpp>

namespace hocket::http {

/// What the client fills in a response.
struct ClientResponse::Parts {
    explicit Parts(ClientResponse& response) noexcept
        : status(response.status_),
          reason(response.reason_),
          version(response.version_),
          headers(response.headers_),
          content(response.content_),
          method(response.method_),
          url(response.url_),
          history(response.history_),
          elapsed(response.elapsed_) {}

    int& status;
    std::string& reason;
    std::string& version;
    Headers& headers;
    std::string& content;
    std::string& method;
    std::string& url;
    std::vector<ClientResponse>& history;
    std::chrono::nanoseconds& elapsed;
};

} // namespace hocket::http
