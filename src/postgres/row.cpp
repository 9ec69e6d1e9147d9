#include <hocket/postgres/row.hpp>

#include <hocket/postgres/errors.hpp>

#include "postgres/result_data.hpp"

namespace hocket::detail::postgres {

namespace {

[[noreturn]] void throw_no_column(const ResultData& result, std::size_t column) {
    throw pg::InterfaceError("there is no column " + std::to_string(column) + ": the row has " +
                             std::to_string(column_count(result)) + " columns, counted from 0");
}

[[noreturn]] void throw_wrong_count(const ResultData& result, std::size_t count) {
    throw pg::InterfaceError("the row has " + std::to_string(column_count(result)) +
                             " columns, and " + std::to_string(count) + " types were given");
}

void fill(Cell& cell, const ResultData& result, int row, std::size_t column) noexcept {
    PGresult* const data = result.get();
    const int c = static_cast<int>(column);
    cell.data = ::PQgetvalue(data, row, c);
    cell.size = ::PQgetlength(data, row, c);
    cell.type = result.type(column);
    cell.result = &result;
    cell.column = column;
    if (cell.size == 0 && ::PQgetisnull(data, row, c) != 0) {
        cell.size = -1;
    }
}

} // namespace

Cell cell_of(const ResultData& result, std::size_t row, std::size_t column) {
    if (column >= column_count(result)) [[unlikely]] {
        throw_no_column(result, column);
    }
    Cell cell;
    fill(cell, result, static_cast<int>(row), column);
    return cell;
}

void cells_of(const ResultData& result, std::size_t row, std::span<Cell> cells) {
    if (column_count(result) != cells.size()) [[unlikely]] {
        throw_wrong_count(result, cells.size());
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
        fill(cells[i], result, static_cast<int>(row), i);
    }
}

std::size_t row_count(const ResultData& result) noexcept {
    return static_cast<std::size_t>(result.rows());
}

std::size_t column_count(const ResultData& result) noexcept {
    return static_cast<std::size_t>(result.columns());
}

std::string_view column_name(const ResultData& result, std::size_t column) {
    const char* const name = ::PQfname(result.get(), static_cast<int>(column));
    if (name == nullptr) {
        throw pg::InterfaceError("there is no column " + std::to_string(column));
    }
    return name;
}

std::size_t find_column(const ResultData& result, std::string_view name) {
    for (int i = 0; i < result.columns(); ++i) {
        if (name == ::PQfname(result.get(), i)) {
            return static_cast<std::size_t>(i);
        }
    }
    std::string names;
    for (int i = 0; i < result.columns(); ++i) {
        names += (i == 0 ? "'" : ", '") + std::string(::PQfname(result.get(), i)) + "'";
    }
    throw pg::InterfaceError("there is no column '" + std::string(name) + "': the row has " +
                             (names.empty() ? "none" : names));
}

std::string_view status_of(const ResultData& result) noexcept {
    return ::PQcmdStatus(result.get());
}

} // namespace hocket::detail::postgres
