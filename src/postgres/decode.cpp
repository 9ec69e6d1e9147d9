#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include <hocket/detail/postgres/cell.hpp>
#include <hocket/postgres/errors.hpp>
#include <hocket/postgres/row.hpp>

#include "postgres/byte_order.hpp"
#include "postgres/numeric_text.hpp"
#include "postgres/types.hpp"

namespace hocket::detail::postgres {

namespace {

/// "column 'id'", for errors.
std::string name_of(const Cell& cell) {
    return "column '" + std::string(column_name(*cell.result, cell.column)) + "'";
}

[[noreturn]] void throw_wrong_type(const Cell& cell, const char* wanted) {
    std::string text =
        name_of(cell) + " has type " + sql_name(cell.type) + ", which cannot be read as " + wanted;
    if (element_type(cell.type) == 0 && !is_text(cell.type)) {
        text += "; the query can cast it: column::text";
    }
    throw pg::DataError(text);
}

void require_type(const Cell& cell, std::uint32_t type, const char* wanted) {
    if (cell.type != type) [[unlikely]] {
        throw_wrong_type(cell, wanted);
    }
}

/// Enums are user types, and their binary format is their text. That of other user types, such as
/// composite types and ranges, begins with a number.
bool looks_like_text(std::string_view bytes) noexcept {
    for (const char c : bytes) {
        if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r') {
            return false;
        }
    }
    return true;
}

} // namespace

void throw_null(const Cell& cell, const char* wanted) {
    throw pg::DataError(name_of(cell) + " of type " + sql_name(cell.type) +
                        " is null: read it as std::optional instead of as " + wanted);
}

bool read_bool(const Cell& cell) {
    require_type(cell, oid::boolean, "bool");
    return *cell.data != 0;
}

std::int64_t read_integer(const Cell& cell, std::int64_t least, std::uint64_t most,
                          const char* wanted) {
    std::int64_t value = 0;
    switch (cell.type) {
    case oid::int2: value = load<std::int16_t>(cell.data); break;
    case oid::int4: value = load<std::int32_t>(cell.data); break;
    case oid::int8: value = load<std::int64_t>(cell.data); break;
    case oid::oid: value = load<std::uint32_t>(cell.data); break;
    default: throw_wrong_type(cell, wanted);
    }
    if (value < least || (value > 0 && static_cast<std::uint64_t>(value) > most)) [[unlikely]] {
        throw pg::DataError(name_of(cell) + " of type " + sql_name(cell.type) + " holds " +
                            std::to_string(value) + ", which does not fit in " + wanted);
    }
    return value;
}

std::int32_t read_int32(const Cell& cell) {
    if (cell.type == oid::int4) [[likely]] {
        return load<std::int32_t>(cell.data);
    }
    using Limits = std::numeric_limits<std::int32_t>;
    return static_cast<std::int32_t>(
        read_integer(cell, Limits::min(), Limits::max(), integer_name<std::int32_t>()));
}

std::int64_t read_int64(const Cell& cell) {
    if (cell.type == oid::int8) [[likely]] {
        return load<std::int64_t>(cell.data);
    }
    using Limits = std::numeric_limits<std::int64_t>;
    return read_integer(cell, Limits::min(), Limits::max(), integer_name<std::int64_t>());
}

double read_number(const Cell& cell) {
    switch (cell.type) {
    case oid::float4:
        return static_cast<double>(std::bit_cast<float>(load<std::int32_t>(cell.data)));
    case oid::float8: return std::bit_cast<double>(load<std::int64_t>(cell.data));
    default: throw_wrong_type(cell, "a floating-point number");
    }
}

std::string_view view_text(const Cell& cell) {
    if (is_text(cell.type) || cell.type == oid::bytea) {
        return cell.bytes();
    }
    if (cell.type == oid::jsonb) {
        return cell.bytes().substr(1); // after the version
    }
    if (cell.type >= oid::first_user_type && looks_like_text(cell.bytes())) {
        return cell.bytes();
    }
    throw_wrong_type(cell, "std::string_view");
}

std::string read_text(const Cell& cell) {
    switch (cell.type) {
    case oid::numeric: return numeric_text(cell.bytes());
    case oid::uuid: return read_uuid(cell).str();
    default: break;
    }
    const bool can_view = is_text(cell.type) || cell.type == oid::bytea ||
                          cell.type == oid::jsonb || cell.type >= oid::first_user_type;
    if (!can_view) {
        throw_wrong_type(cell, "std::string");
    }
    return std::string(view_text(cell));
}

pg::Bytes read_bytes(const Cell& cell) {
    require_type(cell, oid::bytea, "postgres::Bytes");
    const auto* const begin = reinterpret_cast<const std::byte*>(cell.data);
    return {begin, begin + cell.size};
}

namespace {
/// Throws for the values that no time_point has: infinity and -infinity.
std::chrono::microseconds since_epoch(const Cell& cell) {
    const auto value = load<std::int64_t>(cell.data);
    if (value == std::numeric_limits<std::int64_t>::max() ||
        value == std::numeric_limits<std::int64_t>::min()) {
        throw pg::DataError(name_of(cell) + " of type " + sql_name(cell.type) +
                            " is infinite, which chrono cannot represent");
    }
    return std::chrono::microseconds(value + epoch_microseconds);
}
} // namespace

pg::TimestampTz read_timestamptz(const Cell& cell) {
    require_type(cell, oid::timestamptz, "postgres::TimestampTz");
    return pg::TimestampTz(since_epoch(cell));
}

pg::Timestamp read_timestamp(const Cell& cell) {
    require_type(cell, oid::timestamp, "postgres::Timestamp");
    return pg::Timestamp(since_epoch(cell));
}

pg::Date read_date(const Cell& cell) {
    require_type(cell, oid::date, "postgres::Date");
    const auto days = load<std::int32_t>(cell.data);
    if (days == std::numeric_limits<std::int32_t>::max() ||
        days == std::numeric_limits<std::int32_t>::min()) {
        throw pg::DataError(name_of(cell) +
                            " of type date is infinite, which chrono cannot represent");
    }
    return pg::Date(std::chrono::days(days + epoch_days));
}

pg::TimeOfDay read_time(const Cell& cell) {
    require_type(cell, oid::time, "postgres::TimeOfDay");
    return {std::chrono::microseconds(load<std::int64_t>(cell.data))};
}

pg::Interval read_interval(const Cell& cell) {
    require_type(cell, oid::interval, "postgres::Interval");
    return {load<std::int32_t>(cell.data + 12), load<std::int32_t>(cell.data + 8),
            std::chrono::microseconds(load<std::int64_t>(cell.data))};
}

pg::Uuid read_uuid(const Cell& cell) {
    require_type(cell, oid::uuid, "postgres::Uuid");
    pg::Uuid uuid;
    std::memcpy(uuid.bytes.data(), cell.data, uuid.bytes.size());
    return uuid;
}

Elements read_array(const Cell& cell) {
    if (element_type(cell.type) == 0 && cell.type < oid::first_user_type) {
        throw_wrong_type(cell, "std::vector");
    }
    std::string_view rest = cell.bytes();
    const auto take = [&] {
        if (rest.size() < 4) {
            throw_wrong_type(cell, "std::vector");
        }
        const auto value = load<std::int32_t>(rest.data());
        rest.remove_prefix(4);
        return value;
    };
    const std::int32_t dimensions = take();
    take(); // whether there are nulls
    const auto element = static_cast<std::uint32_t>(take());
    if (dimensions > 1) {
        throw pg::DataError(name_of(cell) + " of type " + sql_name(cell.type) + " has " +
                            std::to_string(dimensions) +
                            " dimensions; only arrays of one can be read as std::vector");
    }
    Elements elements;
    if (dimensions < 1) {
        return elements;
    }
    const std::int32_t count = take();
    take(); // the first index
    for (std::int32_t i = 0; i < count; ++i) {
        const std::int32_t size = take();
        if (size > static_cast<std::int64_t>(rest.size())) {
            throw_wrong_type(cell, "std::vector");
        }
        elements.cells.push_back({rest.data(), size, element, cell.result, cell.column});
        rest.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    return elements;
}

} // namespace hocket::detail::postgres
