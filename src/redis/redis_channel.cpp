#include "redis/redis_channel.hpp"

#include <utility>

#include <hocket/errors.hpp>
#include <hocket/redis/errors.hpp>

namespace hocket::detail {

RedisChannel::~RedisChannel() { close(); }

void RedisChannel::submit(RedisCall& call) {
    if (is_closed_) {
        throw redis::ConnectionError("this Redis client is closed");
    }
    if (loop_ == nullptr) {
        loop_ = &call.task().loop();
    } else if (loop_ != &call.task().loop()) {
        throw RuntimeError("this Redis client belongs to a different event loop");
    }
    if (waiting_.empty() && link_ != nullptr && link_->can_send()) {
        link_->submit(call);
        return;
    }
    waiting_.push_back(call);
    if (link_ == nullptr && !is_connecting_) {
        connect();
    }
}

void RedisChannel::connect() {
    is_connecting_ = true;
    create_task(run_connect(shared_from_this()), {.name = "Redis connection"});
}

Coro<> RedisChannel::run_connect(std::shared_ptr<RedisChannel> self) {
    /// Whatever ends the attempt, the next command can begin another.
    struct Attempt {
        RedisChannel& channel;
        explicit Attempt(RedisChannel& made_for) noexcept : channel(made_for) {}
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;
        ~Attempt() { channel.is_connecting_ = false; }
    };
    const Attempt attempt(*self);
    std::exception_ptr error;
    try {
        std::shared_ptr<RedisLink> link = co_await RedisLink::connect_with_retries(self->options_);
        if (self->is_closed_) {
            link->close(redis_connection_error(nullptr));
            co_return;
        }
        link->set_owner(self.get());
        self->link_ = std::move(link);
    } catch (const CancelledError&) {
        self->fail_waiting(redis_connection_error(nullptr));
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        self->fail_waiting(error);
    } else {
        self->send_waiting();
    }
}

void RedisChannel::send_waiting() noexcept {
    while (!waiting_.empty() && link_ != nullptr && link_->can_send()) {
        RedisCall& call = *waiting_.pop_front();
        try {
            link_->submit(call);
        } catch (...) {
            call.fail(std::current_exception());
        }
    }
}

void RedisChannel::fail_waiting(const std::exception_ptr& error) noexcept {
    while (RedisCall* const call = waiting_.pop_front()) {
        call->fail(error);
    }
}

void RedisChannel::on_link_lost() noexcept {
    link_.reset();
    if (!waiting_.empty() && !is_closed_) {
        try {
            connect();
        } catch (...) {
            fail_waiting(std::current_exception());
        }
    }
}

void RedisChannel::close() noexcept {
    is_closed_ = true;
    const auto error =
        std::make_exception_ptr(redis::ConnectionError("this Redis client is closed"));
    if (const auto link = std::exchange(link_, nullptr)) {
        link->set_owner(nullptr);
        link->close(error);
    }
    fail_waiting(error);
}

} // namespace hocket::detail
