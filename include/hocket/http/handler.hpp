#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/http/request.hpp>
#include <hocket/http/response.hpp>

namespace hocket::http {

/// Something that answers requests. Several loops may use one handler at the same time (see
/// serve_on).
class Handler {
public:
    virtual ~Handler();

    /// Answers at once: returns true and sets `response`. Returns false if the request must be
    /// answered by `answer`. Must not wait.
    virtual bool answer_now(Request& request, Response& response);
    virtual Coro<Response> answer(Request& request) = 0;

protected:
    Handler() = default;
};

namespace detail {

template <class F>
concept CoroHandler = std::is_invocable_r_v<Coro<Response>, std::decay_t<F>&, Request&>;
template <class F>
concept PlainHandler = std::is_invocable_r_v<Response, std::decay_t<F>&, Request&>;

/// A coroutine function as a handler.
template <class F> class CoroFunction final : public Handler {
public:
    explicit CoroFunction(F function) : function_(std::move(function)) {}

    Coro<Response> answer(Request& request) override { return std::invoke(function_, request); }

private:
    F function_;
};

/// A function that does not wait.
template <class F> class PlainFunction final : public Handler {
public:
    explicit PlainFunction(F function) : function_(std::move(function)) {}

    bool answer_now(Request& request, Response& response) override {
        response = std::invoke(function_, request);
        return true;
    }
    Coro<Response> answer(Request& request) override { co_return std::invoke(function_, request); }

private:
    F function_;
};

} // namespace detail

/// A coroutine function `Coro<Response>(Request&)`, or a function `Response(Request&)` that does
/// not wait, or a Handler such as StaticFiles.
template <class F>
concept HandlerLike = detail::CoroHandler<F> || detail::PlainHandler<F> ||
                      std::derived_from<std::decay_t<F>, Handler>;

namespace detail {

template <HandlerLike F> std::shared_ptr<Handler> make_handler(F&& function) {
    using Kept = std::decay_t<F>;
    if constexpr (std::derived_from<Kept, Handler>) {
        return std::make_shared<Kept>(std::forward<F>(function));
    } else if constexpr (CoroHandler<F>) {
        return std::make_shared<CoroFunction<Kept>>(std::forward<F>(function));
    } else {
        return std::make_shared<PlainFunction<Kept>>(std::forward<F>(function));
    }
}

} // namespace detail

} // namespace hocket::http
