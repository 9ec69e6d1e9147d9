#include <hocket/postgres/row.hpp>

#include <hocket/postgres/errors.hpp>

#include "postgres/result_data.hpp"

namespace hocket::detail::postgres {

Cell cell_of(const ResultData& result, std::size_t row, std::size_t column) {
    if (column >= column_count(result)) [[unlikely]] {
        throw pg::InterfaceError("there is no column " + std::to_string(column) + ": the row has " +
                                 std::to_string(column_count(result)) + " columns, counted from 0");
    }
    const int r = static_cast<int>(row);
    const int c = static_cast<int>(column);
    PGresult* const data = result.get();
    Cell cell{::PQgetvalue(data, r, c), ::PQgetlength(data, r, c), ::PQftype(data, c),
              ::PQfname(data, c)};
    if (cell.size == 0 && ::PQgetisnull(data, r, c) != 0) {
        cell.size = -1;
    }
    return cell;
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

void require_columns(const ResultData& result, std::size_t count) {
    if (column_count(result) != count) [[unlikely]] {
        throw pg::InterfaceError("the row has " + std::to_string(column_count(result)) +
                                 " columns, and " + std::to_string(count) + " types were given");
    }
}

} // namespace hocket::detail::postgres
