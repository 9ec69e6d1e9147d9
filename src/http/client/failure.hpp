#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <curl/curl.h>

#include <hocket/http/client_options.hpp>

namespace hocket::http::detail {

/// Makes the exceptions of a request. Their texts begin with its method and URL.
struct Failure {
    std::string request;
    std::string url;

    /// `detail` is libcurl's text about this failure; may be empty.
    [[noreturn]] void throw_curl(CURLcode code, const char* detail) const;
    [[noreturn]] void throw_pool_timeout(std::chrono::nanoseconds time, const Limits& limits) const;
    [[noreturn]] void throw_connect_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_write_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_read_timeout(std::chrono::nanoseconds time) const;
    [[noreturn]] void throw_too_large(const char* what, std::size_t limit) const;
    [[noreturn]] void throw_closed() const;
    [[noreturn]] void throw_too_many_redirects(unsigned limit) const;

private:
    template <class E> [[noreturn]] void fail(const std::string& why) const {
        throw E(request + ": " + why, url);
    }
};

} // namespace hocket::http::detail
