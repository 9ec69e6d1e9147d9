#include <cstddef>
#include <hocket/event.hpp>
#include <hocket/lock.hpp>
#include <hocket/sqlite.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "crawl/page_store.hpp"

namespace crawl {

using hocket::Coro;
namespace sqlite = hocket::sqlite;

namespace {

constexpr const char* create_table = "CREATE TABLE IF NOT EXISTS page ("
                                     " url TEXT PRIMARY KEY,"
                                     " status INTEGER NOT NULL,"
                                     " html INTEGER NOT NULL,"
                                     " title TEXT,"
                                     " words INTEGER NOT NULL,"
                                     " links TEXT NOT NULL,"
                                     " body BLOB NOT NULL,"
                                     " crawled_at TEXT NOT NULL)";

constexpr const char* insert_page =
    "INSERT OR REPLACE INTO page (url, status, html, title, words, links, body, crawled_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))";

std::string json_array(const std::vector<std::string>& texts) {
    using Json = nlohmann::json;
    // URLs need not be UTF-8.
    return Json(texts).dump(-1, ' ', false, Json::error_handler_t::replace);
}

sqlite::Parameters row_of(const StoredPage& page) {
    return sqlite::Parameters(page.url, page.status, page.html, page.title, page.words,
                              json_array(page.links), std::as_bytes(std::span(page.body)));
}

class SqliteStore final : public PageStore {
public:
    explicit SqliteStore(sqlite::Connection database) : database_(std::move(database)) {}

    Coro<std::string> store(StoredPage page) override {
        const bool is_first = !filling_;
        if (is_first) filling_ = std::make_shared<Batch>();
        const std::shared_ptr<Batch> batch = filling_;
        const std::size_t place = batch->pages.size();
        batch->pages.push_back(std::move(page));
        if (is_first) {
            co_await commit(*batch);
        } else {
            co_await batch->ended.wait();
        }
        co_return batch->errors.empty() ? std::string() : batch->errors[place];
    }

private:
    /// Pages that are committed together. The task of the first one does it.
    struct Batch {
        std::vector<StoredPage> pages;
        std::vector<std::string> errors; // of each page, if they could not be committed together
        hocket::Event ended;
    };

    Coro<> commit(Batch& batch) {
        try {
            // While another batch is committed, more pages join this one.
            const auto turn = co_await turn_.scoped();
            filling_.reset();
            if (!co_await insert_all(batch.pages)) co_await insert_each(batch);
        } catch (...) {
            // The crawl is being cancelled, and with it the tasks that wait for this one.
            if (filling_.get() == &batch) filling_.reset();
            batch.errors.resize(batch.pages.size(), "the crawl ended");
            batch.ended.set();
            throw;
        }
        batch.ended.set();
    }

    /// In one transaction. Returns whether that succeeded.
    Coro<bool> insert_all(const std::vector<StoredPage>& pages) {
        std::vector<sqlite::Parameters> rows;
        rows.reserve(pages.size());
        for (const StoredPage& page : pages) rows.push_back(row_of(page));
        try {
            co_await database_.executemany(insert_page, std::move(rows));
        } catch (const sqlite::Error&) {
            co_return false;
        }
        co_return true;
    }

    /// One by one, so that a page that cannot be stored takes no others with it.
    Coro<> insert_each(Batch& batch) {
        for (const StoredPage& page : batch.pages) {
            std::string& error = batch.errors.emplace_back();
            try {
                co_await database_.execute(insert_page, row_of(page));
            } catch (const sqlite::Error& failure) {
                error = failure.what();
            }
        }
    }

    sqlite::Connection database_;
    hocket::Lock turn_;
    std::shared_ptr<Batch> filling_; // not being committed yet
};

} // namespace

bool has_page_store() noexcept { return true; }

Coro<std::unique_ptr<PageStore>> open_page_store(std::string file) {
    try {
        // A power failure may lose the last pages: the crawl can be repeated.
        sqlite::Connection database =
            co_await sqlite::connect(file, {.synchronous = sqlite::Synchronous::normal});
        co_await database.executescript(create_table);
        // A table that another program made may have other columns.
        co_await database.fetchone(
            "SELECT url, status, html, title, words, links, body, crawled_at FROM page LIMIT 0");
        co_return std::make_unique<SqliteStore>(std::move(database));
    } catch (const sqlite::Error& error) {
        throw std::runtime_error("cannot store pages in " + file + ": " + error.what());
    }
}

} // namespace crawl
