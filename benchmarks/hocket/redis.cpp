// usage: redis SOCKET
// GET over four connections, 16 in flight on each: in pipelines of 16, and by 64 tasks that wait
// for one each.

#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>

#include "../measure.hpp"

namespace {

constexpr int connections = 4;
constexpr int depth = 16;
constexpr int gets = 400'000;

hocket::Coro<> get_in_pipelines(const hocket::redis::Client& client, int count) {
    const auto pipeline = client.pipeline(/*transaction=*/false);
    for (int i = 0; i < count; i += depth) {
        for (int j = 0; j < depth; ++j) {
            pipeline.get("key");
        }
        const auto replies = co_await pipeline.execute();
        bench::keep(replies.size());
    }
}

hocket::Coro<> get_one_by_one(const hocket::redis::Client& client, int count) {
    for (int i = 0; i < count; ++i) {
        const auto value = co_await client.get("key");
        bench::keep(value->size());
    }
}

hocket::Coro<> measure(std::string socket) {
    hocket::redis::ClientOptions options;
    options.path = socket;
    options.connections = connections;
    const hocket::redis::Client client(options);
    co_await client.set("key", "xxx");
    bench::Best pipelined("redis_get_pipelined", gets, 4, bench::Clock::wall);
    while (pipelined.next()) {
        std::vector<hocket::Coro<>> tasks;
        for (int i = 0; i < connections; ++i) {
            tasks.push_back(get_in_pipelines(client, gets / connections));
        }
        co_await hocket::gather(std::move(tasks));
    }
    bench::Best alone("redis_get_by_tasks", gets, 4, bench::Clock::wall);
    while (alone.next()) {
        std::vector<hocket::Coro<>> tasks;
        for (int i = 0; i < connections * depth; ++i) {
            tasks.push_back(get_one_by_one(client, gets / (connections * depth)));
        }
        co_await hocket::gather(std::move(tasks));
    }
}

} // namespace

int main(int, char** arguments) { hocket::run(measure(arguments[1])); }
