#include "http/client/session_state.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "http/client/header_list.hpp"
#include "loop/event_loop_state.hpp"

namespace hocket::http::detail {
namespace {

/// As many idle exchanges are kept for the next requests. Each has a buffer of 16 KiB.
constexpr std::size_t max_idle_exchanges = 128;

void initialise_libcurl() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            throw RuntimeError("libcurl cannot be initialised");
        }
    });
}

/// libcurl would read the environment for each request.
bool has_proxy_variable() {
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') return true;
    }
    return false;
}

template <class T> T copy_of(const OptionReference<T>& option) {
    return option.get() != nullptr ? *option.get() : T();
}

} // namespace

SessionSettings::SessionSettings(const SessionOptions& options)
    : base_url(options.base_url),
      headers(copy_of(options.headers)),
      params(copy_of(options.params)),
      auth(options.auth),
      verifies(options.verify.verifies()),
      trust(options.verify.get() != nullptr ? options.verify.get()->state() : nullptr),
      version(options.version),
      proxy(options.proxy),
      uses_proxy(!proxy.empty() || (options.trust_env && has_proxy_variable())),
      uds(options.uds),
      timeout(options.timeout),
      follow_redirects(options.follow_redirects),
      max_redirects(options.max_redirects),
      limits(options.limits) {
    if (!base_url.empty()) {
        base_url = encoded_url(base_url);
        while (base_url.ends_with('/')) base_url.pop_back();
    }
}

SessionState::SessionState(const SessionOptions& options) : settings_(options) {
    initialise_libcurl();
    share_.reset(curl_share_init());
    if (!share_) throw std::bad_alloc();
    // One thread uses it, so it needs no locks.
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    idle_.reserve(max_idle_exchanges + 1);
    HeaderList list;
    for (const auto field : settings_.headers) list.add(field);
    common_headers_.reset(list.release());
}

SessionState::~SessionState() { shut_down(/*wakes=*/false); }

void SessionState::bind() {
    EventLoop& running = get_running_loop();
    if (is_closed_) {
        throw RuntimeError("cannot send a request: the session is closed");
    }
    if (loop_ == &running) return;
    if (loop_ != nullptr) {
        throw RuntimeError("this session is bound to a different event loop: its first request "
                           "was sent there");
    }
    reactor_ = &hocket::detail::reactor_of(running);
    multi_ = std::make_unique<Multi>(*reactor_, *this);
    const Limits& limits = settings_.limits;
    curl_multi_setopt(multi_->handle(), CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(limits.max_connections));
    curl_multi_setopt(multi_->handle(), CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(limits.max_connections_per_host));
    loop_ = &running;
    enter_loop(running.state().network, shared_from_this());
}

// libcurl limits the number of all connections that it keeps, not of the idle ones.
void SessionState::limit_connections() noexcept {
    const std::size_t kept = running_count_ + settings_.limits.max_keepalive_connections;
    curl_multi_setopt(multi_->handle(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(std::max<std::size_t>(kept, 1)));
}

Exchange& SessionState::take_exchange() {
    bind();
    if (idle_.empty()) idle_.push_back(std::make_unique<Exchange>(*this));
    Exchange& exchange = *idle_.back().release();
    idle_.pop_back();
    running_.push_back(exchange);
    ++running_count_;
    limit_connections();
    return exchange;
}

void SessionState::give_back(Exchange& exchange) noexcept {
    std::unique_ptr<Exchange> owned(&exchange);
    running_.erase(exchange);
    --running_count_;
    exchange.reset();
    if (!is_closed_ && idle_.size() < max_idle_exchanges) idle_.push_back(std::move(owned));
}

void SessionState::on_transfer_end(CURL* easy, CURLcode result) noexcept {
    Exchange* exchange = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
    exchange->end(result);
}

void SessionState::shut_down(bool wakes) noexcept {
    if (is_closed_) return;
    is_closed_ = true;
    for (Exchange* exchange = running_.front(); exchange != nullptr;
         exchange = running_.after(*exchange)) {
        exchange->abandon(wakes);
    }
    idle_.clear();
    cookie_handle_.reset();
    multi_.reset();
    // This may be the last reference.
    if (loop_ != nullptr) {
        const auto self = leave_loop();
    }
}

CURL* SessionState::cookie_handle() {
    if (is_closed_) throw RuntimeError("the session is closed");
    if (!cookie_handle_) {
        cookie_handle_.reset(curl_easy_init());
        if (!cookie_handle_) throw std::bad_alloc();
        curl_easy_setopt(cookie_handle_.get(), CURLOPT_SHARE, share_.get());
        curl_easy_setopt(cookie_handle_.get(), CURLOPT_COOKIEFILE, "");
    }
    return cookie_handle_.get();
}

} // namespace hocket::http::detail
