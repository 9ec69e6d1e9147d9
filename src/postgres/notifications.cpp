#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <hocket/event.hpp>
#include <hocket/postgres/connection.hpp>

#include "postgres/connection_state.hpp"
#include "postgres/quote.hpp"
#include "postgres/script.hpp"

namespace hocket::detail::postgres {

namespace {

/// What arrived for a generator and has not been taken.
class Arrivals final : public NotificationSink {
public:
    void on_notification(const pg::Notification& notification) override {
        arrived_.push_back(notification);
        changed_.set();
    }
    void on_connection_end() noexcept override {
        has_ended_ = true;
        changed_.set();
    }
    /// Returns nothing at the end of the connection.
    Coro<std::optional<pg::Notification>> next() {
        while (arrived_.empty() && !has_ended_) {
            changed_.clear();
            co_await changed_.wait();
        }
        if (arrived_.empty()) {
            co_return std::nullopt;
        }
        pg::Notification first = std::move(arrived_.front());
        arrived_.pop_front();
        co_return first;
    }

private:
    std::deque<pg::Notification> arrived_;
    bool has_ended_ = false;
    Event changed_;
};

class CallbackSink final : public NotificationSink {
public:
    explicit CallbackSink(pg::Connection::Listener callback) : callback_(std::move(callback)) {}
    void on_notification(const pg::Notification& notification) override { callback_(notification); }

private:
    pg::Connection::Listener callback_;
};

/// Listens as long as it exists.
class Subscription {
public:
    Subscription(StatePointer state, std::uint64_t id) noexcept
        : state_(std::move(state)), id_(id) {}
    Subscription(Subscription&& other) noexcept : state_(std::move(other.state_)), id_(other.id_) {}
    Subscription& operator=(Subscription&&) = delete;
    ~Subscription() {
        if (state_) {
            const std::string channel = state_->listeners.remove(id_);
            if (!channel.empty()) {
                state_->submit_detached(make_command("UNLISTEN " + quote_name(channel), true));
            }
        }
    }
    /// It goes on without this object.
    std::uint64_t release() noexcept {
        state_.reset();
        return id_;
    }
    void require_open() const { state_->require_open(); }

private:
    StatePointer state_;
    std::uint64_t id_;
};

/// Registers `sink` and tells the server.
Coro<Subscription> subscribe(StatePointer state, std::string channel,
                             std::shared_ptr<NotificationSink> sink) {
    state->require_open();
    Subscription subscription(state, state->listeners.add(channel, std::move(sink)));
    co_await run_script(state, "LISTEN " + quote_name(channel));
    co_return std::move(subscription);
}

AsyncGenerator<pg::Notification> generate(std::shared_ptr<Arrivals> arrivals,
                                          Subscription subscription) {
    while (auto notification = co_await arrivals->next()) {
        co_yield std::move(*notification);
    }
    subscription.require_open();
}

Coro<AsyncGenerator<pg::Notification>> listen(StatePointer state, std::string channel) {
    auto arrivals = std::make_shared<Arrivals>();
    Subscription subscription = co_await subscribe(std::move(state), std::move(channel), arrivals);
    co_return generate(std::move(arrivals), std::move(subscription));
}

Coro<std::uint64_t> add_listener(StatePointer state, std::string channel,
                                 pg::Connection::Listener callback) {
    Subscription subscription = co_await subscribe(
        std::move(state), std::move(channel), std::make_shared<CallbackSink>(std::move(callback)));
    co_return subscription.release();
}

Coro<> remove_listener(StatePointer state, std::uint64_t id) {
    const std::string channel = state->listeners.remove(id);
    if (!channel.empty()) {
        co_await run_script(std::move(state), "UNLISTEN " + quote_name(channel));
    }
}

} // namespace
} // namespace hocket::detail::postgres

namespace hocket::postgres {

Coro<AsyncGenerator<Notification>> Connection::listen(std::string channel) {
    return detail::postgres::listen(state_, std::move(channel));
}

Coro<std::uint64_t> Connection::add_listener(std::string channel, Listener callback) {
    return detail::postgres::add_listener(state_, std::move(channel), std::move(callback));
}

Coro<> Connection::remove_listener(std::uint64_t id) {
    return detail::postgres::remove_listener(state_, id);
}

void Connection::set_log_listener(std::function<void(const ErrorFields&)> callback) {
    state_->log_listener = std::move(callback);
}

} // namespace hocket::postgres
