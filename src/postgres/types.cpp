#include "postgres/types.hpp"

namespace hocket::detail::postgres {

namespace {

struct Type {
    std::uint32_t type;
    std::uint32_t array;
    const char* name;
};

constexpr Type types[] = {
    {oid::boolean, 1000, "bool"},
    {oid::bytea, 1001, "bytea"},
    {oid::character, 1002, "char"},
    {oid::name, 1003, "name"},
    {oid::int8, 1016, "int8"},
    {oid::int2, 1005, "int2"},
    {oid::int4, 1007, "int4"},
    {oid::text, 1009, "text"},
    {oid::oid, 1028, "oid"},
    {oid::json, 199, "json"},
    {oid::xml, 143, "xml"},
    {oid::float4, 1021, "float4"},
    {oid::float8, 1022, "float8"},
    {oid::bpchar, 1014, "bpchar"},
    {oid::varchar, 1015, "varchar"},
    {oid::date, 1182, "date"},
    {oid::time, 1183, "time"},
    {oid::timestamp, 1115, "timestamp"},
    {oid::timestamptz, 1185, "timestamptz"},
    {oid::interval, 1187, "interval"},
    {oid::numeric, 1231, "numeric"},
    {oid::uuid, 2951, "uuid"},
    {oid::jsonb, 3807, "jsonb"},
    {600, 1017, "point"},
    {790, 791, "money"},
    {829, 1040, "macaddr"},
    {869, 1041, "inet"},
    {650, 651, "cidr"},
    {1266, 1270, "timetz"},
    {1560, 1561, "bit"},
    {1562, 1563, "varbit"},
    {3904, 3905, "int4range"},
    {2249, 2287, "record"},
};

} // namespace

std::string sql_name(std::uint32_t type) {
    for (const Type& known : types) {
        if (known.type == type) {
            return known.name;
        }
        if (known.array == type) {
            return std::string(known.name) + "[]";
        }
    }
    return "type with OID " + std::to_string(type);
}

std::uint32_t element_type(std::uint32_t array) noexcept {
    for (const Type& known : types) {
        if (known.array == array) {
            return known.type;
        }
    }
    return 0;
}

bool is_text(std::uint32_t type) noexcept {
    switch (type) {
    case oid::text:
    case oid::varchar:
    case oid::bpchar:
    case oid::name:
    case oid::character:
    case oid::json:
    case oid::xml:
    case oid::unknown: return true;
    default: return false;
    }
}

} // namespace hocket::detail::postgres
