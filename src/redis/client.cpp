#include <hocket/redis/client.hpp>

#include <algorithm>

#include <hocket/errors.hpp>
#include <hocket/redis/errors.hpp>

#include "redis/redis_channel.hpp"
#include "redis/redis_options.hpp"
#include "redis/redis_pool.hpp"

namespace hocket::detail {

/// The connections of a client.
class RedisClientState {
public:
    explicit RedisClientState(const redis::ClientOptions& options)
        : options_(options), pool_(std::make_shared<RedisPool>(options)) {
        for (std::size_t i = 0; i < options.connections; ++i) {
            channels_.push_back(std::make_shared<RedisChannel>(options));
        }
    }
    ~RedisClientState() { close(); }
    RedisClientState(const RedisClientState&) = delete;
    RedisClientState& operator=(const RedisClientState&) = delete;

    [[nodiscard]] const redis::ClientOptions& options() const noexcept { return options_; }
    /// The connections take turns.
    [[nodiscard]] const std::shared_ptr<RedisChannel>& channel() noexcept {
        next_ = next_ + 1 < channels_.size() ? next_ + 1 : 0;
        return channels_[next_];
    }
    [[nodiscard]] RedisPool& pool() const noexcept { return *pool_; }
    void close() noexcept {
        for (const auto& channel : channels_) {
            channel->close();
        }
        pool_->close();
    }

private:
    const RedisOptions options_;
    std::vector<std::shared_ptr<RedisChannel>> channels_;
    std::size_t next_ = 0;
    std::shared_ptr<RedisPool> pool_;
};

} // namespace hocket::detail

namespace hocket::redis {

namespace {

void check(const ClientOptions& options) {
    const auto require = [](bool is_valid, const char* what, auto value) {
        if (!is_valid) {
            throw ValueError(std::string("ClientOptions::") + what + ", not " +
                             std::to_string(value));
        }
    };
    require(options.port >= 1 && options.port <= 65535, "port must be from 1 to 65535",
            options.port);
    require(options.db >= 0, "db must be at least 0", options.db);
    require(options.connections >= 1, "connections must be at least 1", options.connections);
    require(options.max_connections >= 1, "max_connections must be at least 1",
            options.max_connections);
    require(options.retries >= 0, "retries must be at least 0", options.retries);
    require(options.max_reply_size >= 1, "max_reply_size must be at least 1",
            options.max_reply_size);
    require(options.timeout.count() >= 0, "timeout must be at least 0 ms", options.timeout.count());
}

/// Seconds, as blocking commands take them.
double seconds(std::chrono::milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

Coro<Reply> run_blocking(std::shared_ptr<detail::RedisClientState> state,
                         std::chrono::milliseconds timeout, detail::RedisText text) {
    if (timeout < std::chrono::milliseconds(0)) {
        throw ValueError("the timeout of a blocking command must be at least 0, not " +
                         std::to_string(timeout.count()) + " ms");
    }
    detail::RedisLease lease = co_await state->pool().acquire();
    // The server is silent while it blocks.
    const bool is_endless =
        timeout == std::chrono::milliseconds(0) || state->options().timeout == timeout.zero();
    lease.link()->set_timeout(is_endless ? timeout.zero() : timeout + state->options().timeout);
    detail::RedisCommand<Reply> command(lease.link(), std::move(text));
    co_return co_await command;
}

Coro<std::optional<std::pair<std::string, std::string>>>
pop_blocking(std::shared_ptr<detail::RedisClientState> state, const char* name, Texts keys,
             std::chrono::milliseconds timeout) {
    detail::RedisText text =
        detail::RedisArguments(name).add_all(keys).add(seconds(timeout)).text();
    Reply reply = co_await run_blocking(std::move(state), timeout, std::move(text));
    co_return std::move(reply).as<std::optional<std::pair<std::string, std::string>>>();
}

Coro<std::optional<std::string>> move_blocking(std::shared_ptr<detail::RedisClientState> state,
                                               std::string from, std::string to,
                                               std::chrono::milliseconds timeout) {
    detail::RedisText text =
        detail::make_redis_text("BLMOVE", from, to, "LEFT", "RIGHT", seconds(timeout));
    Reply reply = co_await run_blocking(std::move(state), timeout, std::move(text));
    co_return std::move(reply).as<std::optional<std::string>>();
}

AsyncGenerator<std::string> scan(std::shared_ptr<detail::RedisClientState> state, std::string match,
                                 std::size_t count) {
    std::string cursor = "0";
    do {
        detail::RedisCommand<std::pair<std::string, Texts>> step(
            state->channel(),
            detail::make_redis_text("SCAN", cursor, "MATCH", match, "COUNT", count));
        std::pair<std::string, Texts> piece = co_await step;
        cursor = std::move(piece.first);
        for (std::string& key : piece.second) {
            co_yield std::move(key);
        }
    } while (cursor != "0");
}

Coro<> close(std::shared_ptr<detail::RedisClientState> state) {
    state->close();
    co_return;
}

} // namespace

Client::Client(const ClientOptions& options) {
    check(options);
    state_ = std::make_shared<detail::RedisClientState>(options);
}

Client from_url(std::string_view url, const ClientOptions& options) {
    return Client(parse_url(url, options));
}

std::shared_ptr<detail::RedisTarget> Client::target() const { return state_->channel(); }

Pipeline Client::pipeline(bool transaction) const { return Pipeline(target(), transaction); }

Script Client::register_script(std::string text) const { return Script(target(), std::move(text)); }

PubSub Client::pubsub() const { return PubSub(state_->options()); }

Coro<std::optional<std::pair<std::string, std::string>>>
Client::blpop(Texts keys, std::chrono::milliseconds timeout) const {
    return pop_blocking(state_, "BLPOP", std::move(keys), timeout);
}

Coro<std::optional<std::pair<std::string, std::string>>>
Client::brpop(Texts keys, std::chrono::milliseconds timeout) const {
    return pop_blocking(state_, "BRPOP", std::move(keys), timeout);
}

Coro<std::optional<std::string>> Client::blmove(std::string from, std::string to,
                                                std::chrono::milliseconds timeout) const {
    return move_blocking(state_, std::move(from), std::move(to), timeout);
}

Coro<Reply> Client::execute_blocking(std::chrono::milliseconds timeout, Texts words) const {
    detail::require_shareable(words.empty() ? std::string_view() : std::string_view(words[0]));
    return run_blocking(state_, timeout, detail::RedisArguments().add_all(words).text());
}

Coro<std::vector<Reply>> Client::run_transaction(std::shared_ptr<detail::RedisClientState> state,
                                                 Texts keys,
                                                 std::function<Coro<>(Transaction&)> body,
                                                 int attempts) {
    for (int attempt = 1;; ++attempt) {
        detail::RedisLease lease = co_await state->pool().acquire();
        lease.set_clean(false); // until nothing is watched any more
        Transaction transaction(lease.link());
        if (!keys.empty()) {
            co_await transaction.watch(keys);
        }
        co_await body(transaction);
        try {
            std::vector<Reply> replies = co_await transaction.multi().execute(false);
            lease.set_clean(true);
            for (const Reply& reply : replies) {
                reply.throw_if_error();
            }
            co_return replies;
        } catch (const WatchError&) {
            lease.set_clean(true);
            if (attempt >= attempts) {
                throw;
            }
        }
    }
}

AsyncGenerator<std::string> Client::scan_iter(std::string match, std::size_t count) const {
    return scan(state_, std::move(match), count);
}

Coro<> Client::aclose() const { return close(state_); }

} // namespace hocket::redis
