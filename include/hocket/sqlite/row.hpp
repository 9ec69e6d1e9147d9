#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/sqlite/value.hpp>

namespace hocket::sqlite {

/// What a statement that returns no rows has done.
struct Result {
    /// The number of rows inserted, updated or deleted; 0 for other statements.
    std::int64_t rowcount = 0;
    /// The rowid of the row that was inserted last on this connection; 0 if there was none.
    std::int64_t lastrowid = 0;
};

/// One row of a result: Python's sqlite3.Row. Columns are numbered from 0, or found by name,
/// ignoring the case of ASCII letters as SQL does; of several with one name, the first.
class Row {
public:
    using Names = std::vector<std::string>;

    Row() noexcept = default;
    Row(std::shared_ptr<const Names> names, std::vector<Value> values) noexcept
        : names_(std::move(names)), values_(std::move(values)) {}

    /// Returns the column's value as a T; see Value::as. Throws DataError, with the column's name,
    /// if it has another type, and ValueError if there is no such column.
    template <class T> [[nodiscard]] T get(std::size_t column) const {
        const Value& value = (*this)[column];
        try {
            return value.as<T>();
        } catch (const std::exception& error) {
            rethrow(column, error);
        }
    }
    template <class T> [[nodiscard]] T get(std::string_view name) const {
        return get<T>(index_of(name));
    }
    /// Returns the first columns as a tuple: `auto [id, name] = row.as<int, std::string>();`
    template <class... T> [[nodiscard]] std::tuple<T...> as() const {
        return as_tuple<T...>(std::index_sequence_for<T...>());
    }

    /// Throws ValueError if there is no such column.
    [[nodiscard]] const Value& operator[](std::size_t column) const;
    [[nodiscard]] const Value& operator[](std::string_view name) const {
        return values_[index_of(name)];
    }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }
    /// The names of the columns.
    [[nodiscard]] const Names& keys() const noexcept;

private:
    template <class... T, std::size_t... I>
    std::tuple<T...> as_tuple(std::index_sequence<I...>) const {
        return std::tuple<T...>(get<T>(I)...);
    }
    [[nodiscard]] std::size_t index_of(std::string_view name) const;
    [[noreturn]] void rethrow(std::size_t column, const std::exception& error) const;

    std::shared_ptr<const Names> names_;
    std::vector<Value> values_;
};

} // namespace hocket::sqlite
