// Point reads on one connection: by 64 tasks, and by one task that waits for each.

#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "../measure.hpp"
#include "../sqlite_table.hpp"

namespace {

hocket::Coro<> read_some(const hocket::sqlite::Connection& database, bench::Random& random,
                         int count) {
    for (int i = 0; i < count; ++i) {
        const auto id = static_cast<int>(random.below(bench::table_rows)) + 1;
        const auto row = co_await database.fetchone(bench::point_read, id);
        bench::keep(row->get<std::string_view>(0).size());
    }
}

hocket::Coro<> measure(std::string path) {
    constexpr int tasks = 64;
    constexpr int reads = 2'000; // by each
    const auto database = co_await hocket::sqlite::connect(path);
    bench::Random random;
    bench::Best best("sqlite_point_read", tasks * reads, 6, bench::Clock::wall);
    while (best.next()) {
        std::vector<hocket::Coro<>> readers;
        for (int i = 0; i < tasks; ++i) {
            readers.push_back(read_some(database, random, reads));
        }
        co_await hocket::gather(std::move(readers));
    }
    constexpr int alone = 20'000;
    bench::Best best_alone("sqlite_point_read_alone", alone, 6, bench::Clock::wall);
    while (best_alone.next()) {
        co_await read_some(database, random, alone);
    }
}

} // namespace

int main() {
    const bench::SqliteTable table;
    hocket::run(measure(table.path()));
}
