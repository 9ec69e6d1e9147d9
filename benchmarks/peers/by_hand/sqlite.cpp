// Point reads in a plain thread: one prepared statement, and nothing around it.

#include <string>

#include <sqlite3.h>

#include "../../measure.hpp"
#include "../../sqlite_table.hpp"

int main() {
    const bench::SqliteTable table;
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_open_v2(table.path().c_str(), &database,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK ||
        ::sqlite3_prepare_v3(database, bench::point_read, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                             nullptr) != SQLITE_OK) {
        std::fprintf(stderr, "%s\n", ::sqlite3_errmsg(database));
        return 1;
    }
    constexpr int reads = 128'000;
    bench::Random random;
    bench::Best best("sqlite_point_read", reads, 6, bench::Clock::wall);
    while (best.next()) {
        for (int i = 0; i < reads; ++i) {
            ::sqlite3_bind_int64(statement, 1, random.below(bench::table_rows) + 1);
            if (::sqlite3_step(statement) != SQLITE_ROW) {
                return 1;
            }
            const std::string name(
                reinterpret_cast<const char*>(::sqlite3_column_text(statement, 0)),
                static_cast<std::size_t>(::sqlite3_column_bytes(statement, 0)));
            bench::keep(name.size());
            ::sqlite3_reset(statement);
        }
    }
    ::sqlite3_finalize(statement);
    ::sqlite3_close(database);
}
