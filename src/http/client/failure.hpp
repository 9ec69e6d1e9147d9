#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <hocket/http/client_options.hpp>

namespace hocket::http::detail {

/// What libcurl knows of a transfer that has failed.
struct CurlFailure {
    CURLcode code;
    std::string_view detail; // its text; may be empty
    int system_error;        // of the last call to the system that failed
    std::uint64_t received;  // bytes of the body
    std::optional<std::uint64_t> expected;
    std::string_view certificate_problem; // follows "the certificate of HOST"; may be empty
    std::string_view host;
};

/// Makes the exceptions of a request. Their texts begin with its method and URL.
struct Failure {
    std::string request;
    std::string url;

    [[noreturn]] void throw_curl(const CurlFailure& failure) const;
    [[noreturn]] void throw_pool_timeout(std::chrono::nanoseconds time, const Limits& limits) const;
    [[noreturn]] void throw_connect_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_write_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_read_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_too_large(const char* what, std::size_t limit) const;
    [[noreturn]] void throw_closed() const;
    [[noreturn]] void throw_too_many_redirects(unsigned limit) const;

private:
    template <class E, class... More>
    [[noreturn]] void fail(const std::string& why, More... more) const {
        throw E(request + ": " + why, url, more...);
    }
    [[noreturn]] void throw_receive_error(const CurlFailure& failure, const std::string& why) const;
};

} // namespace hocket::http::detail
