#include <cstdio>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>

#include "../measure.hpp"

namespace {

namespace postgres = hocket::postgres;

constexpr int connections = 4;
constexpr int depth = 16;
constexpr int queries = 2000; // of each task

hocket::Coro<> select(postgres::Connection& db) {
    for (int i = 0; i < queries; ++i) bench::keep(co_await db.fetchval<int>("SELECT 1"));
}

hocket::Coro<> select_pipelined(postgres::Connection& db) {
    std::vector<hocket::Task<>> tasks;
    for (int i = 0; i < depth; ++i) tasks.push_back(hocket::create_task(select(db)));
    for (auto& task : tasks) co_await task;
}

hocket::Coro<> select_in_transaction(postgres::Connection& db) {
    auto body = [&db] { return select_pipelined(db); };
    co_await db.transaction(body);
}

template <class F>
hocket::Coro<> on_each(const char* name, std::vector<postgres::Connection>& pool, F work) {
    bench::Best best(name, std::size_t{connections} * depth * queries, 6, bench::Clock::wall,
                     {"queries/s", [](double time) { return 1e9 / time; }});
    while (best.next()) {
        std::vector<hocket::Task<>> tasks;
        for (auto& db : pool) tasks.push_back(hocket::create_task(work(db)));
        for (auto& task : tasks) co_await task;
    }
}

hocket::Coro<> read_rows(postgres::Connection& db) {
    constexpr int results = 20;
    bench::Best best("rows", results, 6, bench::Clock::cpu, bench::in_milliseconds);
    while (best.next()) {
        for (int i = 0; i < results; ++i) {
            double sum = 0;
            for (const auto row : co_await db.fetch("SELECT * FROM bench_rows")) {
                const auto [a, b, c, d, e, f, g, h, s, t] =
                    row.as<int, int, int, std::int64_t, std::int64_t, double, double, bool,
                           std::string_view, std::string_view>();
                sum += a + b + c + static_cast<double>(d + e) + f + g + h +
                       static_cast<double>(s.size() + t.size());
            }
            bench::keep(sum);
        }
    }
}

hocket::Coro<> parent(std::string dsn) {
    std::vector<postgres::Connection> pool;
    for (int i = 0; i < connections; ++i) pool.push_back(co_await postgres::connect(dsn));
    co_await on_each("select_pipelined", pool, select_in_transaction);
    co_await on_each("select_alone", pool, select_pipelined);
    co_await read_rows(pool[0]);
}

} // namespace

int main(int, char** arguments) { hocket::run(parent(arguments[1])); }
