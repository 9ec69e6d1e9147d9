#pragma once

#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/http/session.hpp>

namespace hocket::http {

// One request with a session of its own, as httpx.get has it. For more than one request, make a
// Session: it keeps its connections.

Coro<ClientResponse> get(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> options(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> head(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> post(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> put(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> patch(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> delete_(std::string_view url, const RequestOptions& options = {});
Coro<ClientResponse> request(std::string_view method, std::string_view url,
                             const RequestOptions& options = {});

} // namespace hocket::http
