#include "redis/redis_link.hpp"

#include <string>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/redis/errors.hpp>
#include <hocket/transport.hpp>

#include "engine/lifetime.hpp"

namespace hocket::detail {

void RedisCall::submit() {
    try {
        target_->submit(*this);
    } catch (...) {
        is_pending_ = false;
        task_->unsuspend();
        throw;
    }
}

void RedisCall::leave() noexcept {
    if (link_ != nullptr) {
        std::exchange(link_, nullptr)->forget(*this);
    } else {
        target_->withdraw(*this);
    }
}

std::exception_ptr redis_connection_error(const std::exception_ptr& cause) {
    std::string text = "the connection to the Redis server was lost";
    if (cause != nullptr) {
        try {
            std::rethrow_exception(cause);
        } catch (const std::exception& error) {
            text += std::string(": ") + error.what();
        } catch (...) {
        }
    }
    return std::make_exception_ptr(redis::ConnectionError(text));
}

RedisLink::RedisLink(std::size_t max_reply_size, std::chrono::milliseconds timeout)
    : parser_(max_reply_size), timeout_(timeout) {}

void RedisLink::connection_made(Transport& transport) {
    transport_ = &transport;
    is_open_ = true;
}

void RedisLink::submit(RedisCall& call) {
    if (!is_open_) {
        throw redis::ConnectionError("the connection to the Redis server is closed");
    }
    transport_->write(call.bytes());
    if (pending_.empty()) {
        heard_at_ = std::chrono::steady_clock::now();
        watch_silence();
    }
    call.set_sent(*this, first_position_ + pending_.size());
    pending_.push_back({&call, call.expected()});
}

void RedisLink::forget(const RedisCall& call) noexcept {
    pending_[call.position() - first_position_].call = nullptr;
}

void RedisLink::resume_writing() {
    is_paused_ = false;
    if (owner_ != nullptr) {
        owner_->on_link_writable();
    }
}

void RedisLink::data_received(std::string_view data) {
    heard_at_ = std::chrono::steady_clock::now();
    const auto self = shared_from_this(); // the owner may let go of it
    redis::Reply reply;
    try {
        while (!data.empty() && is_open_) {
            const std::string_view piece = data.substr(0, RedisReplyParser::piece);
            data.remove_prefix(piece.size());
            parser_.feed(piece);
            while (is_open_ && parser_.next(reply)) {
                take_reply(std::move(reply));
            }
        }
    } catch (const redis::ProtocolError&) {
        close(std::current_exception());
    }
}

void RedisLink::take_reply(redis::Reply&& reply) {
    if (pending_.empty() || reply.kind() == redis::Reply::Kind::push) {
        if (owner_ != nullptr) {
            owner_->on_message(std::move(reply));
        }
        return;
    }
    Entry& entry = pending_.front();
    if (entry.call != nullptr) {
        entry.call->take_reply(std::move(reply));
    }
    if (--entry.replies_left == 0) {
        RedisCall* const call = entry.call;
        pending_.pop_front();
        ++first_position_;
        if (call != nullptr) {
            call->complete();
        }
    }
}

void RedisLink::connection_lost(std::exception_ptr error) { close(redis_connection_error(error)); }

void RedisLink::close(const std::exception_ptr& error) noexcept {
    if (!std::exchange(is_open_, false)) {
        return;
    }
    const auto self = shared_from_this();
    silence_check_.cancel();
    transport_->abort();
    while (!pending_.empty()) {
        RedisCall* const call = pending_.front().call;
        pending_.pop_front();
        ++first_position_;
        if (call != nullptr) {
            call->fail(error);
        }
    }
    if (RedisLinkOwner* const owner = std::exchange(owner_, nullptr)) {
        owner->on_link_lost();
    }
}

void RedisLink::set_timeout(std::chrono::milliseconds timeout) noexcept {
    timeout_ = timeout;
    // What is watched is of the calls before. The next one watches again.
    silence_check_.cancel();
    is_watched_ = false;
}

void RedisLink::watch_silence() {
    if (is_watched_ || timeout_ == std::chrono::milliseconds(0)) {
        return;
    }
    is_watched_ = true;
    silence_check_ = get_running_loop().call_at(heard_at_ + timeout_, [weak = weak_from_this()] {
        if (const auto link = weak.lock()) {
            link->is_watched_ = false;
            link->check_silence();
        }
    });
}

void RedisLink::check_silence() {
    if (!is_open_ || pending_.empty()) {
        return;
    }
    if (std::chrono::steady_clock::now() < heard_at_ + timeout_) {
        watch_silence();
        return;
    }
    close(std::make_exception_ptr(redis::TimeoutError("the Redis server has been silent for " +
                                                      std::to_string(timeout_.count()) + " ms")));
}

} // namespace hocket::detail
