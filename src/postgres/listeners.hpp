#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hocket/postgres/notification.hpp>

namespace hocket::detail::postgres {

/// Receives the notifications of one channel.
class NotificationSink {
public:
    virtual void on_notification(const hocket::postgres::Notification& notification) = 0;
    virtual void on_connection_end() noexcept {}

protected:
    ~NotificationSink() = default;
};

/// Who listens to which channel.
class Listeners {
public:
    std::uint64_t add(std::string channel, std::shared_ptr<NotificationSink> sink) {
        sinks_[++last_id_] = {std::move(channel), std::move(sink)};
        return last_id_;
    }
    /// Returns the channel if nothing listens to it any more, and otherwise nothing.
    std::string remove(std::uint64_t id) {
        const auto found = sinks_.find(id);
        if (found == sinks_.end()) {
            return {};
        }
        std::string channel = std::move(found->second.channel);
        sinks_.erase(found);
        for (const auto& [_, other] : sinks_) {
            if (other.channel == channel) {
                return {};
            }
        }
        return channel;
    }
    void notify(const hocket::postgres::Notification& notification) const {
        for (const auto& sink : sinks_of(notification.channel)) {
            sink->on_notification(notification);
        }
    }
    void end() noexcept {
        const auto all = std::exchange(sinks_, {});
        for (const auto& [_, entry] : all) {
            entry.sink->on_connection_end();
        }
    }

private:
    struct Entry {
        std::string channel;
        std::shared_ptr<NotificationSink> sink;
    };
    /// A copy, because a callback may add and remove listeners.
    [[nodiscard]] std::vector<std::shared_ptr<NotificationSink>>
    sinks_of(const std::string& channel) const {
        std::vector<std::shared_ptr<NotificationSink>> found;
        for (const auto& [_, entry] : sinks_) {
            if (entry.channel == channel) {
                found.push_back(entry.sink);
            }
        }
        return found;
    }

    std::map<std::uint64_t, Entry> sinks_;
    std::uint64_t last_id_ = 0;
};

} // namespace hocket::detail::postgres
