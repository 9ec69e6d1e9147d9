#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <hocket/detail/postgres/arguments.hpp>
#include <hocket/postgres/values.hpp>

namespace hocket::detail::postgres {

class ResultData; // src/postgres/result_data.hpp

/// One value of a result, in PostgreSQL's binary format, and where it stands.
struct Cell {
    const char* data = nullptr;
    int size = -1; // -1: null
    std::uint32_t type = 0;
    const ResultData* result = nullptr;
    std::size_t column = 0;

    [[nodiscard]] bool is_null() const noexcept { return size < 0; }
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {data, static_cast<std::size_t>(size)};
    }
};

/// An array's elements.
struct Elements {
    std::vector<Cell> cells;
};

// Each throws DataError if the column has another type.
bool read_bool(const Cell& cell);
std::int64_t read_integer(const Cell& cell, std::int64_t least, std::uint64_t most,
                          const char* wanted);
// The usual ones of read_integer, for columns of that size at once.
std::int32_t read_int32(const Cell& cell);
std::int64_t read_int64(const Cell& cell);
double read_number(const Cell& cell);
std::string read_text(const Cell& cell);
/// The bytes inside the result, for types whose text is their binary format.
std::string_view view_text(const Cell& cell);
pg::Bytes read_bytes(const Cell& cell);
pg::TimestampTz read_timestamptz(const Cell& cell);
pg::Timestamp read_timestamp(const Cell& cell);
pg::Date read_date(const Cell& cell);
pg::TimeOfDay read_time(const Cell& cell);
pg::Interval read_interval(const Cell& cell);
pg::Uuid read_uuid(const Cell& cell);
Elements read_array(const Cell& cell);
[[noreturn]] void throw_null(const Cell& cell, const char* wanted);

template <class T> constexpr const char* integer_name() {
    if constexpr (sizeof(T) == 1) {
        return std::is_signed_v<T> ? "std::int8_t" : "std::uint8_t";
    } else if constexpr (sizeof(T) == 2) {
        return std::is_signed_v<T> ? "std::int16_t" : "std::uint16_t";
    } else if constexpr (sizeof(T) == 4) {
        return std::is_signed_v<T> ? "int" : "unsigned";
    } else {
        return std::is_signed_v<T> ? "std::int64_t" : "std::uint64_t";
    }
}

template <class T> struct IsVector : std::false_type {};
template <class T> struct IsVector<std::vector<T>> : std::true_type {};

template <class T> constexpr const char* type_name() {
    if constexpr (std::same_as<T, bool>) {
        return "bool";
    } else if constexpr (std::integral<T>) {
        return integer_name<T>();
    } else if constexpr (std::floating_point<T>) {
        return sizeof(T) == 4 ? "float" : "double";
    } else if constexpr (std::same_as<T, std::string>) {
        return "std::string";
    } else if constexpr (std::same_as<T, pg::Bytes>) {
        return "postgres::Bytes";
    } else if constexpr (IsVector<T>::value) {
        return "std::vector";
    } else {
        return "the requested type";
    }
}

/// Reads a cell as a C++ type.
template <class T> T read(const Cell& cell) {
    if constexpr (IsOptional<T>::value) {
        if (cell.is_null()) {
            return std::nullopt;
        }
        return read<typename T::value_type>(cell);
    } else {
        if (cell.is_null()) [[unlikely]] {
            throw_null(cell, type_name<T>());
        }
        if constexpr (std::same_as<T, bool>) {
            return read_bool(cell);
        } else if constexpr (std::same_as<T, std::int32_t>) {
            return read_int32(cell);
        } else if constexpr (std::same_as<T, std::int64_t>) {
            return read_int64(cell);
        } else if constexpr (std::integral<T>) {
            return static_cast<T>(read_integer(
                cell, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                static_cast<std::uint64_t>(std::numeric_limits<T>::max()), integer_name<T>()));
        } else if constexpr (std::floating_point<T>) {
            return static_cast<T>(read_number(cell));
        } else if constexpr (std::same_as<T, std::string>) {
            return read_text(cell);
        } else if constexpr (std::same_as<T, std::string_view>) {
            return view_text(cell);
        } else if constexpr (std::same_as<T, pg::Bytes>) {
            return read_bytes(cell);
        } else if constexpr (std::same_as<T, pg::TimestampTz>) {
            return read_timestamptz(cell);
        } else if constexpr (std::same_as<T, std::chrono::system_clock::time_point>) {
            return std::chrono::time_point_cast<std::chrono::system_clock::duration>(
                read_timestamptz(cell));
        } else if constexpr (std::same_as<T, pg::Timestamp>) {
            return read_timestamp(cell);
        } else if constexpr (std::same_as<T, pg::Date>) {
            return read_date(cell);
        } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
            return std::chrono::year_month_day(read_date(cell));
        } else if constexpr (std::same_as<T, pg::TimeOfDay>) {
            return read_time(cell);
        } else if constexpr (std::same_as<T, pg::Interval>) {
            return read_interval(cell);
        } else if constexpr (std::same_as<T, pg::Uuid>) {
            return read_uuid(cell);
        } else {
            static_assert(IsVector<T>::value, "hocket: a column cannot be read as this type");
            T values;
            for (const Cell& element : read_array(cell).cells) {
                values.push_back(read<typename T::value_type>(element));
            }
            return values;
        }
    }
}

} // namespace hocket::detail::postgres
