// A JSON API: PostgreSQL has its items, and Redis those that were read in the last minute.
//
//     $ json_api postgresql:///shop redis://localhost 8000 &
//     serving on http://127.0.0.1:8000/items
//     $ curl -d '{"name": "lamp", "price": 40}' http://127.0.0.1:8000/items
//     {"id":1,"name":"lamp","price":40}
//     $ curl -d '{"name": "lamp", "price": "much"}' http://127.0.0.1:8000/items
//     400 Bad Request: "price" must be a whole number, not negative
//     $ curl -X PUT -d '{"name": "lamp", "price": 50}' http://127.0.0.1:8000/items/1
//     {"id":1,"name":"lamp","price":50}
//     $ curl http://127.0.0.1:8000/items/1
//     {"id":1,"name":"lamp","price":50}
//
// Without Redis, PostgreSQL answers everything. After SIGTERM, the program answers the requests
// that it has accepted, and ends.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>
#include <hocket/postgres.hpp>
#include <hocket/redis.hpp>
#include <nlohmann/json.hpp>

namespace http = hocket::http;
namespace postgres = hocket::postgres;
namespace redis = hocket::redis;
using hocket::Coro;
using http::Request, http::Response, http::StatusError;
using namespace std::chrono_literals;

std::tuple<std::string, std::int64_t> parse_item(const std::string& body) {
    const auto item = nlohmann::json::parse(body, nullptr, false); // no object if it is malformed
    if (!item.is_object()) throw StatusError(400, "the body must be a JSON object");
    const auto name = item.value("name", nlohmann::json());
    if (!name.is_string() || name == "" || name.get<std::string>().find('\0') != std::string::npos)
        throw StatusError(400, "\"name\" must be a text that is not empty");
    const auto price = item.value("price", nlohmann::json());
    if (!price.is_number_integer() || price.get<std::int64_t>() < 0)
        throw StatusError(400, "\"price\" must be a whole number, not negative");
    return {name, price};
}

Coro<std::string> find_cached(redis::Client cache, std::int64_t id) {
    try {
        co_return (co_await cache.get("item:" + std::to_string(id))).value_or("");
    } catch (const redis::Error&) {
        co_return "";
    }
}

Coro<> set_cached(redis::Client cache, std::int64_t id, std::string item, redis::SetOptions how) {
    try {
        co_await cache.set("item:" + std::to_string(id), item, how);
    } catch (const redis::Error&) { // what it has expires
    }
}

http::Router routes(postgres::Pool& db, redis::Client cache) {
    http::Router router;
    router.get("/items/{id:int}", [&db, cache](Request& request) -> Coro<Response> {
        const auto id = request.param<std::int64_t>("id");
        const std::string cached = co_await find_cached(cache, id);
        if (!cached.empty()) co_return Response::json(cached);
        const auto item = co_await db.fetchval<std::optional<std::string>>(
            "SELECT row_to_json(items) FROM items WHERE id = $1", id);
        if (!item) throw StatusError(404, "no such item");
        co_await set_cached(cache, id, *item, {.ex = 60s, .nx = true});
        co_return Response::json(*item);
    });
    router.post("/items", [&db](Request& request) -> Coro<Response> {
        const auto [name, price] = parse_item(co_await request.body().read());
        const auto item = co_await db.fetchval<std::string>(
            "INSERT INTO items (name, price) VALUES ($1, $2) RETURNING row_to_json(items)", name,
            price);
        co_return Response::json(item, 201);
    });
    router.put("/items/{id:int}", [&db, cache](Request& request) -> Coro<Response> {
        const auto id = request.param<std::int64_t>("id");
        const auto [name, price] = parse_item(co_await request.body().read());
        const auto item = co_await db.fetchval<std::optional<std::string>>(
            "UPDATE items SET name = $2, price = $3 WHERE id = $1 RETURNING row_to_json(items)", id,
            name, price);
        if (!item) throw StatusError(404, "no such item");
        // Empty, so that a slow reader of the old item cannot store it: it does so only if there is
        // no text (nx).
        co_await set_cached(cache, id, "", {.ex = 10s});
        co_return Response::json(*item);
    });
    return router;
}

Coro<> serve(std::string dsn, std::string redis_url, int port) {
    hocket::Event stop;
    hocket::get_running_loop().add_signal_handler(SIGTERM, [&] { stop.set(); });
    auto db = co_await postgres::create_pool(dsn);
    co_await db.execute("CREATE TABLE IF NOT EXISTS items (id bigint GENERATED ALWAYS AS IDENTITY "
                        "PRIMARY KEY, name text NOT NULL, price bigint NOT NULL)");
    const auto cache = redis::from_url(redis_url, {.retries = 0});
    auto server = co_await http::serve(routes(db, cache), "127.0.0.1", port);
    std::printf("serving on http://127.0.0.1:%d/items\n", server.sockets().front().port());
    std::fflush(stdout);
    co_await stop.wait();
    co_await server.drain(30s);
}

int main(int count, char** arguments) {
    if (count != 4) return std::fprintf(stderr, "usage: json_api DSN REDIS_URL PORT\n"), 2;
    hocket::run(serve(arguments[1], arguments[2], std::atoi(arguments[3])));
}
