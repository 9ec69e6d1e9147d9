// Counts visits in Redis, and hears of each by a subscription.
//
//     $ redis_visits redis://localhost
//     visit 1 of /home
//     visit 2 of /home
//     visit 1 of /about

#include <string>

#include <fmt/core.h>

#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>

namespace redis = hocket::redis;

hocket::Coro<> visit(const redis::Client& client, std::string page) {
    // Both commands are executed together.
    const auto pipeline = client.pipeline();
    pipeline.incr("visits:" + page).expire("visits:" + page, std::chrono::hours(24));
    const auto replies = co_await pipeline.execute();
    co_await client.publish("visits", fmt::format("visit {} of {}", replies[0].as<int>(), page));
}

hocket::Coro<> program(std::string url) {
    const auto client = redis::from_url(url);
    const auto pubsub = client.pubsub();
    co_await pubsub.subscribe("visits");
    auto messages = pubsub.listen();
    co_await messages.next(); // the server has accepted the subscription
    co_await visit(client, "/home");
    co_await visit(client, "/home");
    co_await visit(client, "/about");
    for (int i = 0; i < 3; ++i) {
        const auto message = co_await messages.next();
        fmt::print("{}\n", message.value().data);
    }
}

int main(int argc, char** argv) { hocket::run(program(argc > 1 ? argv[1] : "redis://localhost")); }
