#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/detail/postgres/cell.hpp>

namespace hocket::detail::postgres {
class ResultData; // src/postgres/result_data.hpp

[[nodiscard]] Cell cell_of(const ResultData& result, std::size_t row, std::size_t column);
/// All columns of a row. Throws InterfaceError if it has another number of them.
void cells_of(const ResultData& result, std::size_t row, std::span<Cell> cells);
[[nodiscard]] std::size_t row_count(const ResultData& result) noexcept;
[[nodiscard]] std::size_t column_count(const ResultData& result) noexcept;
[[nodiscard]] std::string_view column_name(const ResultData& result, std::size_t column);
/// Throws InterfaceError.
[[nodiscard]] std::size_t find_column(const ResultData& result, std::string_view name);
[[nodiscard]] std::string_view status_of(const ResultData& result) noexcept;
} // namespace hocket::detail::postgres

namespace hocket::postgres {

/// One row of a result: asyncpg's Record. Keeps the result alive.
class Row {
public:
    Row(std::shared_ptr<const detail::postgres::ResultData> result, std::size_t row) noexcept
        : result_(std::move(result)), row_(row) {}

    /// The number of columns.
    [[nodiscard]] std::size_t size() const noexcept {
        return detail::postgres::column_count(*result_);
    }
    [[nodiscard]] std::string_view name(std::size_t column) const {
        return detail::postgres::column_name(*result_, column);
    }

    /// The value of a column as T; std::optional<T> for columns that may be null. T is bool, an
    /// integer or floating-point type, std::string, std::string_view (valid as long as a row of
    /// the result exists), a type of values.hpp, or a std::vector of these. Integers may be wider
    /// or narrower than the column if the value fits. Throws DataError for a null, a value that
    /// does not fit and a column of another type, InterfaceError if there is no such column.
    template <class T, std::integral I> [[nodiscard]] T get(I column) const {
        return detail::postgres::read<T>(
            detail::postgres::cell_of(*result_, row_, static_cast<std::size_t>(column)));
    }
    template <class T> [[nodiscard]] T get(std::string_view column) const {
        return get<T>(detail::postgres::find_column(*result_, column));
    }
    template <std::integral I> [[nodiscard]] bool is_null(I column) const {
        return detail::postgres::cell_of(*result_, row_, static_cast<std::size_t>(column))
            .is_null();
    }
    [[nodiscard]] bool is_null(std::string_view column) const {
        return is_null(detail::postgres::find_column(*result_, column));
    }

    /// All columns: `auto [id, name] = row.as<int, std::string>();`. Throws like `get`, and
    /// InterfaceError if the row has another number of columns.
    template <class... T> [[nodiscard]] std::tuple<T...> as() const {
        std::array<detail::postgres::Cell, sizeof...(T)> cells;
        detail::postgres::cells_of(*result_, row_, cells);
        return read_all<T...>(cells, std::index_sequence_for<T...>());
    }

private:
    template <class... T, class Cells, std::size_t... I>
    static std::tuple<T...> read_all(const Cells& cells, std::index_sequence<I...>) {
        return std::tuple<T...>{detail::postgres::read<T>(cells[I])...};
    }

    std::shared_ptr<const detail::postgres::ResultData> result_;
    std::size_t row_;
};

/// The rows that a query returned.
class Rows {
public:
    explicit Rows(std::shared_ptr<const detail::postgres::ResultData> result) noexcept
        : result_(std::move(result)) {}

    [[nodiscard]] std::size_t size() const noexcept {
        return detail::postgres::row_count(*result_);
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Must be less than `size()`.
    [[nodiscard]] Row operator[](std::size_t row) const noexcept { return {result_, row}; }
    /// The server's summary: "SELECT 3", "INSERT 0 1".
    [[nodiscard]] std::string_view status() const noexcept {
        return detail::postgres::status_of(*result_);
    }
    [[nodiscard]] std::size_t columns() const noexcept {
        return detail::postgres::column_count(*result_);
    }
    [[nodiscard]] std::string_view column(std::size_t index) const {
        return detail::postgres::column_name(*result_, index);
    }

    class Iterator {
    public:
        using value_type = Row;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(const Rows* rows, std::size_t row) noexcept : rows_(rows), row_(row) {}
        Row operator*() const noexcept { return (*rows_)[row_]; }
        Iterator& operator++() noexcept {
            ++row_;
            return *this;
        }
        Iterator operator++(int) noexcept { return {rows_, row_++}; }
        bool operator==(const Iterator& other) const noexcept { return row_ == other.row_; }

    private:
        const Rows* rows_ = nullptr;
        std::size_t row_ = 0;
    };
    [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
    [[nodiscard]] Iterator end() const noexcept { return {this, size()}; }

private:
    std::shared_ptr<const detail::postgres::ResultData> result_;
};

} // namespace hocket::postgres
