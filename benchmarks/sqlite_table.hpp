#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sqlite3.h>

/// Shared by the programs that read rows by their keys from SQLite.
namespace bench {

inline constexpr int table_rows = 100'000;
inline constexpr const char* point_read = "SELECT name FROM item WHERE id = ?";

/// A database with a WAL and a table of 100,000 rows, which are all in the page cache; removed at
/// the end of the program.
class SqliteTable {
public:
    SqliteTable() {
        std::string name = (std::filesystem::temp_directory_path() / "hocket-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        sqlite3* database = nullptr;
        ::sqlite3_open(path().c_str(), &database);
        const std::string script =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " +
            std::to_string(table_rows) + ") INSERT INTO item SELECT i, 'the name of ' || i FROM n;";
        if (::sqlite3_exec(database, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
            std::fprintf(stderr, "%s\n", ::sqlite3_errmsg(database));
            std::exit(1);
        }
        ::sqlite3_close(database);
    }
    ~SqliteTable() { std::filesystem::remove_all(folder_); }
    SqliteTable(const SqliteTable&) = delete;
    SqliteTable& operator=(const SqliteTable&) = delete;

    [[nodiscard]] std::string path() const { return folder_ / "data.db"; }

private:
    std::filesystem::path folder_;
};

} // namespace bench
