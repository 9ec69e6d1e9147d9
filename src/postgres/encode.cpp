#include "postgres/encode.hpp"

#include <bit>
#include <charconv>
#include <limits>
#include <utility>

#include "postgres/byte_order.hpp"
#include "postgres/encode_array.hpp"
#include "postgres/encode_value.hpp"
#include "postgres/types.hpp"

#include <hocket/postgres/errors.hpp>

namespace hocket::detail::postgres {

void throw_integer_too_large(std::uint64_t value) {
    throw pg::DataError("the argument " + std::to_string(value) +
                        " is too large for PostgreSQL's int8; pass it as text for a numeric");
}

namespace {

template <class T> bool append_integer(std::string& to, std::int64_t value) {
    if (value < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
        value > static_cast<std::int64_t>(std::numeric_limits<T>::max())) {
        return false;
    }
    append(to, static_cast<T>(value));
    return true;
}

std::string digits_of(double value) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Encodes one value for a type.
struct Encoder {
    std::uint32_t type;
    std::string& to;

    Encoding operator()(std::monostate) const { return Encoding::binary; } // never called
    Encoding operator()(bool value) const {
        if (type != oid::boolean) {
            return Encoding::wrong_type;
        }
        to += value ? '\1' : '\0';
        return Encoding::binary;
    }
    Encoding operator()(std::int64_t value) const {
        bool fits = true;
        switch (type) {
        case oid::int2: fits = append_integer<std::int16_t>(to, value); break;
        case oid::int4: fits = append_integer<std::int32_t>(to, value); break;
        case oid::oid: fits = append_integer<std::uint32_t>(to, value); break;
        case oid::int8: append(to, value); break;
        case oid::float4:
        case oid::float8: return (*this)(static_cast<double>(value));
        case oid::numeric: to += std::to_string(value); return Encoding::text;
        default: return Encoding::wrong_type;
        }
        return fits ? Encoding::binary : Encoding::out_of_range;
    }
    Encoding operator()(double value) const {
        switch (type) {
        case oid::float8: append(to, std::bit_cast<std::int64_t>(value)); return Encoding::binary;
        case oid::float4:
            append(to, std::bit_cast<std::int32_t>(static_cast<float>(value)));
            return Encoding::binary;
        case oid::numeric: to += digits_of(value); return Encoding::text;
        default: return Encoding::wrong_type;
        }
    }
    // The server reads text for every type, except that the text of a bytea is not its bytes.
    Encoding operator()(const std::string& value) const {
        to += value;
        if (is_text(type) || type == oid::bytea) {
            return Encoding::binary;
        }
        return value.find('\0') == std::string::npos ? Encoding::text : Encoding::zero_byte;
    }
    Encoding operator()(const pg::Bytes& value) const {
        to.append(reinterpret_cast<const char*>(value.data()), value.size());
        return type == oid::bytea ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(pg::TimestampTz value) const {
        append(to, value.time_since_epoch().count() - epoch_microseconds);
        return type == oid::timestamptz ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(pg::Timestamp value) const {
        append(to, value.time_since_epoch().count() - epoch_microseconds);
        return type == oid::timestamp ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(pg::Date value) const {
        append(to, static_cast<std::int32_t>(value.time_since_epoch().count() - epoch_days));
        return type == oid::date ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(pg::TimeOfDay value) const {
        append(to, static_cast<std::int64_t>(value.since_midnight.count()));
        return type == oid::time ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(const pg::Interval& value) const {
        append(to, static_cast<std::int64_t>(value.time.count()));
        append(to, value.days);
        append(to, value.months);
        return type == oid::interval ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(const pg::Uuid& value) const {
        to.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
        return type == oid::uuid ? Encoding::binary : Encoding::wrong_type;
    }
    Encoding operator()(const ArrayArgument& value) const { return encode_array(value, type, to); }
};

constexpr const char* cpp_names[] = {
    "a null", "a bool",      "an integer",    "a floating-point number",
    "text",   "Bytes",       "a TimestampTz", "a Timestamp",
    "a Date", "a TimeOfDay", "an Interval",   "a Uuid",
    "a range"};

[[noreturn]] void refuse(Encoding why, std::size_t number, std::uint32_t type,
                         const Argument& argument) {
    std::string text = "parameter $" + std::to_string(number) + " has type " + sql_name(type);
    if (why == Encoding::out_of_range) {
        if (const auto* value = std::get_if<std::int64_t>(&argument.value)) {
            throw pg::DataError(text + ", and " + std::to_string(*value) + " does not fit in it");
        }
        throw pg::DataError(text + ", and an element does not fit in it");
    }
    if (why == Encoding::zero_byte) {
        throw pg::DataError(text + ", whose text must not contain a zero byte");
    }
    throw pg::DataError(text + "; the argument is " + cpp_names[argument.value.index()] +
                        ". Pass another type, or name the type in the query: $" +
                        std::to_string(number) + "::type");
}

} // namespace

Encoding encode_value(const Argument& argument, std::uint32_t type, std::string& to) {
    return std::visit(Encoder{type, to}, argument.value);
}

EncodedArguments::EncodedArguments(const Arguments& arguments,
                                   std::span<const std::uint32_t> types) {
    if (arguments.size() != types.size()) {
        throw pg::InterfaceError("the query has " + std::to_string(types.size()) +
                                 " parameters, and " + std::to_string(arguments.size()) +
                                 " arguments were passed");
    }
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        begins.push_back(bytes_.size());
        if (std::holds_alternative<std::monostate>(arguments[i].value)) {
            lengths_.push_back(-1);
            formats_.push_back(1);
            continue;
        }
        const Encoding encoding = encode_value(arguments[i], types[i], bytes_);
        if (encoding > Encoding::text) {
            refuse(encoding, i + 1, types[i], arguments[i]);
        }
        lengths_.push_back(static_cast<int>(bytes_.size() - begins.back()));
        formats_.push_back(encoding == Encoding::binary ? 1 : 0);
        bytes_ += '\0'; // libpq looks for the end of a text itself
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        values_.push_back(lengths_[i] < 0 ? nullptr : bytes_.data() + begins[i]);
    }
}

} // namespace hocket::detail::postgres
