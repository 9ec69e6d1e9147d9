#include <hocket/redis/pipeline.hpp>

#include <string>

#include <hocket/redis/errors.hpp>

namespace hocket::redis {

namespace {

/// The replies of the commands, from those of MULTI, of queueing each command, and of EXEC.
std::vector<Reply> unwrap(std::vector<Reply> replies, std::size_t count) {
    Reply& outcome = replies.back();
    if (outcome.is_error()) {
        // The error of the command says more than that of EXEC.
        for (const Reply& reply : replies) {
            reply.throw_if_error();
        }
    }
    if (outcome.is_nil()) {
        throw WatchError("a watched key was changed before the transaction was executed");
    }
    if (outcome.elements().size() != count) {
        throw ProtocolError("Redis executed " + std::to_string(outcome.elements().size()) +
                            " commands of a transaction of " + std::to_string(count));
    }
    return std::move(outcome.elements());
}

} // namespace

// Not a coroutine: it may be called on a temporary, and the pipeline is empty when it returns.
Coro<std::vector<Reply>> Pipeline::execute(bool raise_on_error) const {
    return run(target_, std::exchange(*state_, {}), is_transaction_, raise_on_error);
}

Coro<std::vector<Reply>> Pipeline::run(std::shared_ptr<detail::RedisTarget> target, State commands,
                                       bool is_transaction, bool raise_on_error) {
    const std::size_t count = commands.count;
    std::string bytes = std::move(commands.bytes);
    std::vector<Reply> replies;
    // An empty transaction is sent, because it tells whether watched keys have changed.
    if (count == 0 && !is_transaction) {
        co_return replies;
    }
    if (is_transaction) {
        bytes = "*1\r\n$5\r\nMULTI\r\n" + bytes + "*1\r\n$4\r\nEXEC\r\n";
    }
    detail::RedisBatch batch(std::move(target), detail::RedisText(std::move(bytes)),
                             count + (is_transaction ? 2 : 0));
    replies = co_await batch;
    if (is_transaction) {
        replies = unwrap(std::move(replies), count);
    }
    if (raise_on_error) {
        for (const Reply& reply : replies) {
            reply.throw_if_error();
        }
    }
    co_return replies;
}

} // namespace hocket::redis
