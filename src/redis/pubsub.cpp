#include <hocket/redis/pubsub.hpp>

#include <array>
#include <optional>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/redis/errors.hpp>

#include "redis/redis_subscription.hpp"

namespace hocket::detail {

namespace {

// When reading pauses, and when it goes on.
constexpr std::size_t most_messages = 1000;
constexpr std::size_t few_messages = 250;

using redis::Message;

std::optional<Message> message_of(redis::Reply&& reply) {
    struct Known {
        const char* name;
        Message::Type type;
    };
    static constexpr std::array known{
        Known{"message", Message::Type::message},
        Known{"pmessage", Message::Type::pmessage},
        Known{"subscribe", Message::Type::subscribe},
        Known{"psubscribe", Message::Type::psubscribe},
        Known{"unsubscribe", Message::Type::unsubscribe},
        Known{"punsubscribe", Message::Type::punsubscribe},
    };
    std::vector<redis::Reply>& parts = reply.elements();
    if (parts.size() < 3) {
        return std::nullopt;
    }
    for (const Known& one : known) {
        if (parts[0].text() != one.name) {
            continue;
        }
        Message message{one.type, {}, {}, {}};
        if (one.type == Message::Type::pmessage && parts.size() == 4) {
            message.pattern = parts[1].text();
            message.channel = parts[2].text();
            message.data = parts[3].text();
        } else {
            message.channel = parts[1].text();
            message.data = parts[2].text();
        }
        return message;
    }
    return std::nullopt;
}

} // namespace

RedisSubscription::~RedisSubscription() { close(); }

Coro<> RedisSubscription::connect() {
    const auto guard = co_await connecting_.scoped();
    if (is_closed_) {
        throw redis::ConnectionError("this PubSub is closed");
    }
    if (link_ != nullptr) {
        co_return;
    }
    std::shared_ptr<RedisLink> link = co_await RedisLink::connect_with_retries(options_);
    if (is_closed_) {
        link->close(redis_connection_error(nullptr));
        throw redis::ConnectionError("this PubSub is closed");
    }
    link->set_owner(this);
    link_ = std::move(link);
    is_paused_ = false;
    send("SUBSCRIBE", channels_);
    send("PSUBSCRIBE", patterns_);
}

void RedisSubscription::send(const char* command, const Names& names) {
    if (!names.empty()) {
        const RedisText text = RedisArguments(command).add_all(names).text();
        link_->write(text.view());
    }
}

Coro<> RedisSubscription::add(std::shared_ptr<RedisSubscription> self, const char* command,
                              Names& kept, std::vector<std::string> names) {
    if (names.empty()) {
        throw ValueError(std::string(command) + " needs at least one name");
    }
    const Names added(names.begin(), names.end());
    kept.insert(added.begin(), added.end());
    if (self->link_ != nullptr) {
        self->send(command, added);
        co_return;
    }
    std::exception_ptr error;
    try {
        co_await self->connect(); // subscribes to all of them
        co_return;
    } catch (...) {
        error = std::current_exception();
    }
    for (const std::string& name : added) {
        kept.erase(name);
    }
    std::rethrow_exception(error);
}

Coro<> RedisSubscription::remove(std::shared_ptr<RedisSubscription> self, const char* command,
                                 Names& kept, std::vector<std::string> names) {
    const Names removed = names.empty() ? kept : Names(names.begin(), names.end());
    for (const std::string& name : removed) {
        kept.erase(name);
    }
    if (self->link_ != nullptr) {
        self->send(command, removed);
    }
    self->changed_.set();
    co_return;
}

Coro<bool> RedisSubscription::next(Message& message) {
    while (messages_.empty()) {
        if (is_closed_ || (channels_.empty() && patterns_.empty())) {
            co_return false;
        }
        if (link_ == nullptr) {
            co_await connect();
            continue;
        }
        changed_.clear();
        co_await changed_.wait();
    }
    message = std::move(messages_.front());
    messages_.pop_front();
    if (is_paused_ && messages_.size() <= few_messages) {
        is_paused_ = false;
        if (link_ != nullptr) {
            link_->resume_reading();
        }
    }
    co_return true;
}

void RedisSubscription::on_message(redis::Reply&& reply) noexcept {
    try {
        if (std::optional<Message> message = message_of(std::move(reply))) {
            messages_.push_back(std::move(*message));
            changed_.set();
        }
    } catch (const std::bad_alloc&) {
        // Published messages may be lost at any time.
    }
    if (messages_.size() >= most_messages && !is_paused_) {
        is_paused_ = true;
        link_->pause_reading();
    }
}

void RedisSubscription::on_link_lost() noexcept {
    link_.reset();
    changed_.set();
}

void RedisSubscription::close() noexcept {
    is_closed_ = true;
    if (const auto link = std::exchange(link_, nullptr)) {
        link->set_owner(nullptr);
        link->close(redis_connection_error(nullptr));
    }
    changed_.set();
}

} // namespace hocket::detail

namespace hocket::redis {

namespace {

using Subscription = std::shared_ptr<detail::RedisSubscription>;

Coro<> close(Subscription subscription) {
    subscription->close();
    co_return;
}

AsyncGenerator<Message> listen_to(Subscription subscription, bool ignore_subscribe_messages) {
    for (;;) {
        Message message;
        const bool has_message = co_await subscription->next(message);
        if (!has_message) {
            co_return;
        }
        if (message.type <= Message::Type::pmessage || !ignore_subscribe_messages) {
            co_yield std::move(message);
        }
    }
}

} // namespace

PubSub::PubSub(const ClientOptions& options)
    : subscription_(std::make_shared<detail::RedisSubscription>(options)) {}

Coro<> PubSub::subscribe(std::vector<std::string> channels) const {
    return detail::RedisSubscription::add(subscription_, "SUBSCRIBE", subscription_->channels(),
                                          std::move(channels));
}

Coro<> PubSub::psubscribe(std::vector<std::string> patterns) const {
    return detail::RedisSubscription::add(subscription_, "PSUBSCRIBE", subscription_->patterns(),
                                          std::move(patterns));
}

Coro<> PubSub::unsubscribe(std::vector<std::string> channels) const {
    return detail::RedisSubscription::remove(subscription_, "UNSUBSCRIBE",
                                             subscription_->channels(), std::move(channels));
}

Coro<> PubSub::punsubscribe(std::vector<std::string> patterns) const {
    return detail::RedisSubscription::remove(subscription_, "PUNSUBSCRIBE",
                                             subscription_->patterns(), std::move(patterns));
}

Coro<> PubSub::aclose() const { return close(subscription_); }

AsyncGenerator<Message> PubSub::listen(bool ignore_subscribe_messages) const {
    return listen_to(subscription_, ignore_subscribe_messages);
}

} // namespace hocket::redis
