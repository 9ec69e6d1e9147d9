#pragma once

#include <cstdint>
#include <string>

/// The types whose binary formats are known here, by the numbers that every server gives them.
namespace hocket::detail::postgres::oid {

enum : std::uint32_t {
    boolean = 16,
    bytea = 17,
    character = 18,
    name = 19,
    int8 = 20,
    int2 = 21,
    int4 = 23,
    text = 25,
    oid = 26,
    json = 114,
    xml = 142,
    float4 = 700,
    float8 = 701,
    unknown = 705,
    bpchar = 1042,
    varchar = 1043,
    date = 1082,
    time = 1083,
    timestamp = 1114,
    timestamptz = 1184,
    interval = 1186,
    numeric = 1700,
    uuid = 2950,
    jsonb = 3802,
    first_user_type = 16384,
};

} // namespace hocket::detail::postgres::oid

namespace hocket::detail::postgres {

/// "int4", "text[]"; "type with OID 600" for others.
[[nodiscard]] std::string sql_name(std::uint32_t type);
/// The type of an array's elements; 0 if it is not an array of a known type.
[[nodiscard]] std::uint32_t element_type(std::uint32_t array) noexcept;
/// Whether the binary format of a type is its text.
[[nodiscard]] bool is_text(std::uint32_t type) noexcept;

/// Microseconds and days between PostgreSQL's epoch, 2000-01-01, and that of system_clock.
constexpr std::int64_t epoch_days = 10957;
constexpr std::int64_t epoch_microseconds = epoch_days * 86'400'000'000;

} // namespace hocket::detail::postgres
