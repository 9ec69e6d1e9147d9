// How a connection is made.

#include <algorithm>
#include <random>
#include <string>

#include <hiredis/hiredis.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/redis/errors.hpp>
#include <hocket/sleep.hpp>
#include <hocket/timeout.hpp>

#include "redis/redis_link.hpp"

namespace hocket::detail {

namespace {

std::string address_of(const redis::ClientOptions& options) {
    return options.path.empty() ? options.host.str() + ":" + std::to_string(options.port)
                                : options.path.str();
}

Coro<redis::Reply> ask(const std::shared_ptr<RedisLink>& link, RedisText text) {
    RedisBatch command(link, std::move(text), 1);
    std::vector<redis::Reply> replies = co_await command;
    co_return std::move(replies.front());
}

Coro<std::shared_ptr<RedisLink>> open(const redis::ClientOptions& options) {
    const auto link = std::make_shared<RedisLink>(options.max_reply_size, options.timeout);
    const auto factory = [&link] { return link; };
    EventLoop& loop = get_running_loop();
    ConnectOptions how;
    how.ssl = options.ssl;
    if (options.path.empty()) {
        co_await loop.create_connection(factory, options.host.view(), options.port, how);
    } else {
        co_await loop.create_unix_connection(factory, options.path.view(), how);
    }
    co_return link;
}

/// Closes a connection whose handshake does not end.
struct Unfinished {
    explicit Unfinished(std::shared_ptr<RedisLink> opened) noexcept : link(std::move(opened)) {}
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() {
        if (link != nullptr) {
            link->close(redis_connection_error(nullptr));
        }
    }
    std::shared_ptr<RedisLink> link;
};

Coro<std::shared_ptr<RedisLink>> open_and_greet(const redis::ClientOptions& options) {
    Unfinished unfinished(co_await open(options));
    const std::shared_ptr<RedisLink>& link = unfinished.link;
    const redis::ClientOptions& by = options;
    bool is_authenticated = by.password.empty();
#if HIREDIS_MAJOR >= 1
    // Servers before version 6 do not know this command, and speak RESP2.
    RedisArguments hello("HELLO", 3);
    if (!is_authenticated) {
        hello.add("AUTH").add(by.username.empty() ? std::string_view("default")
                                                  : by.username.view());
        hello.add(by.password.view());
    }
    const redis::Reply greeting = co_await ask(link, hello.text());
    if (!greeting.is_error()) {
        is_authenticated = true;
    } else if (!greeting.text().starts_with("ERR") && !greeting.text().starts_with("NOPROTO")) {
        greeting.throw_if_error(); // such as WRONGPASS
    }
#endif
    if (!is_authenticated) {
        RedisArguments words("AUTH");
        if (!by.username.empty()) {
            words.add(by.username.view());
        }
        words.add(by.password.view());
        const redis::Reply reply = co_await ask(link, words.text());
        reply.throw_if_error();
    }
    if (by.db != 0) {
        const redis::Reply reply = co_await ask(link, make_redis_text("SELECT", by.db));
        reply.throw_if_error();
    }
    if (!by.client_name.empty()) {
        const redis::Reply reply =
            co_await ask(link, make_redis_text("CLIENT", "SETNAME", by.client_name.view()));
        reply.throw_if_error();
    }
    co_return std::move(unfinished.link);
}

} // namespace

Coro<std::shared_ptr<RedisLink>> RedisLink::connect(const redis::ClientOptions& options) {
    const std::string where = "cannot connect to the Redis server at " + address_of(options);
    std::string why;
    try {
        const auto body = [&] { return open_and_greet(options); };
        co_return co_await with_timeout(options.connect_timeout, body);
    } catch (const TimeoutError&) {
        throw redis::TimeoutError(where + ": no answer within " +
                                  std::to_string(options.connect_timeout.count()) + " ms");
    } catch (const redis::Error&) {
        throw;
    } catch (const std::exception& error) {
        why = error.what();
    }
    throw redis::ConnectionError(where + ": " + why);
}

Coro<std::shared_ptr<RedisLink>> RedisLink::connect_with_retries(RedisOptions options) {
    std::minstd_rand random(std::random_device{}());
    std::chrono::milliseconds pause = options.backoff;
    for (int attempt = 0;; ++attempt) {
        try {
            co_return co_await connect(options);
        } catch (const redis::ConnectionError&) {
            if (attempt >= options.retries) {
                throw;
            }
        }
        // So that clients that have lost one server do not all come back at the same moment.
        std::uniform_real_distribution<double> share(0.5, 1.0);
        co_await sleep(std::chrono::duration<double, std::milli>(
            static_cast<double>(pause.count()) * share(random)));
        pause = std::min(pause * 2, options.max_backoff);
    }
}

} // namespace hocket::detail
