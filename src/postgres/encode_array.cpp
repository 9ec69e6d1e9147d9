#include "postgres/encode_array.hpp"

#include <charconv>
#include <cstring>
#include <variant>

#include "postgres/byte_order.hpp"
#include "postgres/types.hpp"

namespace hocket::detail::postgres {

namespace {

bool is_null(const Argument& argument) {
    return std::holds_alternative<std::monostate>(argument.value);
}

/// The server's text form, {"a","b"}, for elements whose types have no binary format here.
Encoding encode_as_text(const ArrayArgument& elements, std::string& to) {
    to += '{';
    for (const Argument& element : elements) {
        if (to.back() != '{') {
            to += ',';
        }
        if (is_null(element)) {
            to += "NULL";
            continue;
        }
        std::string text;
        if (const auto* given = std::get_if<std::string>(&element.value)) {
            text = *given;
        } else if (encode_value(element, oid::numeric, text) != Encoding::text) {
            return Encoding::wrong_type;
        }
        if (text.find('\0') != std::string::npos) {
            return Encoding::zero_byte;
        }
        to += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\') {
                to += '\\';
            }
            to += c;
        }
        to += '"';
    }
    to += '}';
    return Encoding::text;
}

} // namespace

Encoding encode_array(const ArrayArgument& elements, std::uint32_t type, std::string& to) {
    const std::uint32_t element = element_type(type);
    if (element == 0 && type < oid::first_user_type) {
        return Encoding::wrong_type; // a scalar
    }
    const std::size_t begin = to.size();
    bool has_nulls = false;
    for (const Argument& argument : elements) {
        has_nulls = has_nulls || is_null(argument);
    }
    append(to, std::int32_t{elements.empty() ? 0 : 1}); // dimensions
    append(to, std::int32_t{has_nulls ? 1 : 0});
    append(to, element);
    if (!elements.empty()) {
        append(to, static_cast<std::int32_t>(elements.size()));
        append(to, std::int32_t{1}); // the first index
    }
    for (const Argument& argument : elements) {
        if (is_null(argument)) {
            append(to, std::int32_t{-1});
            continue;
        }
        const std::size_t length = to.size();
        append(to, std::int32_t{0});
        const Encoding encoding = encode_value(argument, element, to);
        if (encoding == Encoding::text || element == 0) {
            to.resize(begin);
            return encode_as_text(elements, to);
        }
        if (encoding != Encoding::binary) {
            return encoding;
        }
        std::string size;
        append(size, static_cast<std::int32_t>(to.size() - length - 4));
        std::memcpy(to.data() + length, size.data(), size.size());
    }
    // An empty array of an unknown type is written as text, which needs no type.
    if (element == 0) {
        to.resize(begin);
        return encode_as_text(elements, to);
    }
    return Encoding::binary;
}

} // namespace hocket::detail::postgres
