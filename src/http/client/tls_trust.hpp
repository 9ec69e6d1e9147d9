#pragma once

#include <curl/curl.h>

namespace hocket::http::detail {

struct SessionSettings;

/// Makes an easy handle verify servers as the session wants it. Throws RuntimeError if the session
/// has an SSLContext, but libcurl does not use OpenSSL. `settings` must outlive the handle.
void set_tls_options(CURL* easy, const SessionSettings& settings);

} // namespace hocket::http::detail
