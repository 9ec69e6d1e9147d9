#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/detail/redis/redis_text.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::detail {

class RedisCall;
class RedisLink;

/// Where commands go: a connection, or what makes one when it is needed.
class RedisTarget {
public:
    virtual ~RedisTarget() = default;
    /// Sends the call's commands, now or later. May throw.
    virtual void submit(RedisCall& call) = 0;
    /// Withdraws a call that has not been sent.
    virtual void withdraw(RedisCall& call) noexcept = 0;
};

/// One or several commands that a task awaits. Stored in the awaiting coroutine's frame.
///
/// A cancelled call that has not been sent is withdrawn. Of one that has been sent, the replies are
/// read and dropped when they arrive.
class RedisCall : public Operation, public engine::ListLink {
public:
    using hocket_awaitable = void;

    RedisCall(std::shared_ptr<RedisTarget> target, RedisText text, std::size_t replies) noexcept
        : target_(std::move(target)), text_(std::move(text)), expected_(replies) {}

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        is_pending_ = true;
        task_->suspend(caller.promise(), *this);
        submit();
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "Redis"}; }

    // The target uses these.

    [[nodiscard]] std::string_view bytes() const noexcept { return text_.view(); }
    [[nodiscard]] std::size_t expected() const noexcept { return expected_; }
    [[nodiscard]] TaskBase& task() const noexcept { return *task_; }
    virtual void take_reply(redis::Reply&& reply) = 0;
    /// All replies have arrived.
    void complete() noexcept {
        is_pending_ = false;
        link_ = nullptr;
        task_->wake();
    }
    void fail(std::exception_ptr error) noexcept {
        error_ = std::move(error);
        complete();
    }
    /// It has been sent, as the `position`th call of the connection.
    void set_sent(RedisLink& link, std::uint64_t position) noexcept {
        link_ = &link;
        position_ = position;
    }
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

protected:
    ~RedisCall() {
        if (is_pending_) {
            leave();
        }
    }

    [[nodiscard]] const std::shared_ptr<RedisTarget>& target() const noexcept { return target_; }
    [[nodiscard]] const RedisText& text() const noexcept { return text_; }
    /// Called on resumption.
    void finish() {
        task_->throw_if_cancelled();
        if (error_) [[unlikely]] {
            std::rethrow_exception(error_);
        }
    }

private:
    void submit();
    void leave() noexcept;
    bool cancel(std::string_view) noexcept override {
        if (!is_pending_) {
            return false;
        }
        leave();
        is_pending_ = false;
        task_->interrupt();
        return true;
    }

    std::shared_ptr<RedisTarget> target_;
    RedisText text_;
    std::size_t expected_;
    TaskBase* task_ = nullptr;
    RedisLink* link_ = nullptr; // once it has been sent
    std::uint64_t position_ = 0;
    bool is_pending_ = false;
    std::exception_ptr error_;
};

/// One command, whose reply is converted to a T.
template <class T> class [[nodiscard]] RedisCommand final : public RedisCall {
public:
    using value_type = T;

    RedisCommand(std::shared_ptr<RedisTarget> target, RedisText text) noexcept
        : RedisCall(std::move(target), std::move(text), 1) {}
    operator Coro<T>() const { // NOLINT(google-explicit-constructor): redis-py's is a coroutine
        return run_in_coro(target(), text());
    }

    T await_resume() {
        finish();
        return std::move(reply_).template as<T>();
    }
    void take_reply(redis::Reply&& reply) override { reply_ = std::move(reply); }

private:
    static Coro<T> run_in_coro(std::shared_ptr<RedisTarget> target, RedisText text) {
        RedisCommand command(std::move(target), std::move(text));
        co_return co_await command;
    }

    redis::Reply reply_;
};

/// Several commands that are sent together.
class RedisBatch final : public RedisCall {
public:
    using value_type = std::vector<redis::Reply>;

    using RedisCall::RedisCall;
    std::vector<redis::Reply> await_resume() {
        finish();
        return std::move(replies_);
    }
    void take_reply(redis::Reply&& reply) override {
        if (replies_.empty()) {
            replies_.reserve(expected());
        }
        replies_.push_back(std::move(reply));
    }

private:
    std::vector<redis::Reply> replies_;
};

} // namespace hocket::detail
