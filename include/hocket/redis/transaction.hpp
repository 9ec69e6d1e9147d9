#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/redis/redis_call.hpp>
#include <hocket/detail/tasks/scoped_body.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/pipeline.hpp>

namespace hocket::redis {

/// What the body of Client::transaction uses: its own connection, on which keys are watched. Its
/// commands are executed at once; those of `multi()` together when the body has returned, if no
/// watched key has changed until then.
class Transaction : public Commands<Transaction> {
public:
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// The commands to execute at the end.
    [[nodiscard]] const Pipeline& multi() const noexcept { return pipeline_; }
    /// Watches more keys. Reads that follow are of the watched state.
    [[nodiscard]] detail::RedisCommand<void> watch(const Texts& keys) const {
        return command<void>(detail::RedisArguments("WATCH").add_all(keys).text());
    }

    /// Internal.
    explicit Transaction(std::shared_ptr<detail::RedisTarget> target)
        : target_(target), pipeline_(std::move(target), true) {}
    template <class T> detail::RedisCommand<T> command(detail::RedisText text) const {
        return detail::RedisCommand<T>(target_, std::move(text));
    }

private:
    std::shared_ptr<detail::RedisTarget> target_;
    Pipeline pipeline_;
};

/// A callable that takes a Transaction& and returns a Coro.
template <class F>
concept TransactionBody = detail::ScopedBody<F, Transaction>;

} // namespace hocket::redis
