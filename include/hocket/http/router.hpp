#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <hocket/http/handler.hpp>

namespace hocket::http {

namespace detail {
class RouteTable;
}

/// Finds the handler for a request by its path and method.
///
///     hocket::http::Router router;
///     router.get("/users/{id:int}", [](hocket::http::Request& request) {
///         return hocket::http::Response::text("user " + std::string(request.param("id")));
///     });
///
/// A pattern is a path whose segments are text or parameters: `{name}` matches one segment that is
/// not empty, `{name:int}` one of digits, with or without a minus sign, and `{name:path}`, which
/// must be the last, the rest of the path including its slashes; it may be empty. If several
/// patterns match, text takes precedence over a number, a number over a segment, and a segment over
/// the rest of the path. Escapes are decoded after the path has been split, so a `%2F` in a segment
/// is part of the segment. A trailing slash matters.
///
/// If no pattern matches the path, the answer is 404; if one does, but not with this method, it is
/// 405 with Allow, or 501 if the method is not one of HTTP's. HEAD is answered by the handler of
/// GET, without the body, and OPTIONS with Allow, unless there are handlers for them.
///
/// A handle: copies share their routes. Add the routes before serving.
class Router {
public:
    Router();

    /// Throws ValueError if the pattern is malformed or already has a handler for this method, or
    /// if the method is not a token.
    template <HandlerLike F> void route(std::string_view method, std::string_view pattern, F&& f) {
        add(method, pattern, detail::make_handler(std::forward<F>(f)));
    }
    template <HandlerLike F> void get(std::string_view pattern, F&& f) {
        route("GET", pattern, std::forward<F>(f));
    }
    template <HandlerLike F> void post(std::string_view pattern, F&& f) {
        route("POST", pattern, std::forward<F>(f));
    }
    template <HandlerLike F> void put(std::string_view pattern, F&& f) {
        route("PUT", pattern, std::forward<F>(f));
    }
    template <HandlerLike F> void patch(std::string_view pattern, F&& f) {
        route("PATCH", pattern, std::forward<F>(f));
    }
    template <HandlerLike F> void del(std::string_view pattern, F&& f) {
        route("DELETE", pattern, std::forward<F>(f));
    }

    /// Internal.
    [[nodiscard]] const std::shared_ptr<detail::RouteTable>& table() const noexcept {
        return table_;
    }

private:
    void add(std::string_view method, std::string_view pattern, std::shared_ptr<Handler> handler);

    std::shared_ptr<detail::RouteTable> table_;
};

} // namespace hocket::http
