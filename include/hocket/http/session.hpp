#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/http/client_options.hpp>
#include <hocket/http/client_response.hpp>
#include <hocket/http/cookies.hpp>
#include <hocket/http/streamed_response.hpp>

namespace hocket::http {

namespace detail {
class SessionState; // src/http/client/session_state.hpp
}

/// A client that keeps connections and cookies from one request to the next: httpx.AsyncClient.
/// libcurl speaks HTTP, and the loop drives it.
///
///     hocket::http::Session session;
///     auto page = co_await session.get("https://example.org/");
///     std::cout << page.status_code() << ' ' << page.text();
///
/// A session belongs to the loop of its first request; requests on another one throw RuntimeError.
/// Use it only on that loop's thread. Destroying it ends the requests that are running: they throw
/// CloseError.
///
/// Requests throw the errors of client_errors.hpp, and ValueError for arguments that HTTP does not
/// allow, such as line ends in a header. Cancelling the task ends the request at once; its
/// connection is closed, because a reply may be on its way.
class Session {
public:
    explicit Session(const SessionOptions& options = {});
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    Coro<ClientResponse> get(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> options(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> head(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> post(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> put(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> patch(std::string_view url, const RequestOptions& options = {});
    Coro<ClientResponse> delete_(std::string_view url, const RequestOptions& options = {});
    /// A request with any method, such as "PROPFIND".
    Coro<ClientResponse> request(std::string_view method, std::string_view url,
                                 const RequestOptions& options = {});
    /// Returns when the headers of the response have arrived; its body is read piece by piece.
    Coro<StreamedResponse> stream(std::string_view method, std::string_view url,
                                  const RequestOptions& options = {});

    /// The cookies that servers have set.
    [[nodiscard]] Cookies cookies() const;

    /// Ends the requests that are running, and closes all connections. Later requests throw
    /// RuntimeError. Can be called several times.
    void aclose() noexcept;
    [[nodiscard]] bool is_closed() const noexcept;

private:
    std::shared_ptr<detail::SessionState> state_;
};

} // namespace hocket::http
