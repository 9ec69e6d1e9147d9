#pragma once

#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/http/client_options.hpp>

#include "http/client/client_request.hpp"
#include "http/client/curl_pointers.hpp"
#include "http/client/exchange.hpp"
#include "http/client/multi.hpp"
#include "loop/loop_resource.hpp"

namespace hocket {
class EventLoop;
}

namespace hocket::http::detail {

/// The options of a session, owned.
struct SessionSettings {
    explicit SessionSettings(const SessionOptions& options);

    std::string base_url;
    Headers headers;
    QueryParams params;
    OwnAuth auth;
    bool verifies;
    std::shared_ptr<hocket::detail::SSLContextState> trust; // none: libcurl's
    Version version;
    std::string proxy;
    bool uses_proxy; // of the options or of the environment
    std::string uds;
    Timeout timeout;
    bool follow_redirects;
    unsigned max_redirects;
    Limits limits;
};

/// The state of a Session: its connections, its cookies, and the requests that are running.
class SessionState final : public std::enable_shared_from_this<SessionState>,
                           public hocket::detail::LoopResource,
                           public TransferListener {
public:
    explicit SessionState(const SessionOptions& options);
    ~SessionState();

    [[nodiscard]] const SessionSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] Multi& multi() const noexcept { return *multi_; }
    [[nodiscard]] engine::Reactor& reactor() const noexcept { return *reactor_; }
    [[nodiscard]] CURLSH* share() const noexcept { return share_.get(); }
    /// The header fields of a request without any of its own.
    [[nodiscard]] curl_slist* common_headers() const noexcept { return common_headers_.get(); }

    /// An exchange that is not in use; give it back. Binds the session to the running loop. Throws
    /// RuntimeError on another loop, and when the session is closed.
    [[nodiscard]] Exchange& take_exchange();
    void give_back(Exchange& exchange) noexcept;

    void on_transfer_end(CURL* easy, CURLcode result) noexcept override;
    void close() noexcept { shut_down(/*wakes=*/true); }
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    /// An easy handle that sees the session's cookies.
    [[nodiscard]] CURL* cookie_handle();

private:
    void drop() noexcept override { shut_down(/*wakes=*/false); }
    void shut_down(bool wakes) noexcept;
    void bind();
    void limit_connections() noexcept;

    SessionSettings settings_;
    // Destroyed last, because easy handles refer to it.
    SharePointer share_;
    ListPointer common_headers_;
    EasyPointer cookie_handle_;
    EventLoop* loop_ = nullptr;
    engine::Reactor* reactor_ = nullptr;
    std::unique_ptr<Multi> multi_;
    std::vector<std::unique_ptr<Exchange>> idle_;
    engine::IntrusiveList<Exchange> running_;
    std::size_t running_count_ = 0;
    bool is_closed_ = false;
};

/// An exchange, given back at the end of its scope, which also keeps the session's state.
class ExchangeLease {
public:
    explicit ExchangeLease(std::shared_ptr<SessionState> session)
        : session_(std::move(session)), exchange_(&session_->take_exchange()) {}
    ExchangeLease(ExchangeLease&& other) noexcept
        : session_(std::move(other.session_)), exchange_(std::exchange(other.exchange_, nullptr)) {}
    ExchangeLease& operator=(ExchangeLease&&) = delete;
    ~ExchangeLease() {
        if (exchange_ != nullptr) session_->give_back(*exchange_);
    }

    Exchange* operator->() const noexcept { return exchange_; }
    Exchange& operator*() const noexcept { return *exchange_; }

private:
    std::shared_ptr<SessionState> session_;
    Exchange* exchange_;
};

} // namespace hocket::http::detail
