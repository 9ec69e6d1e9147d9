#include <hocket/sqlite/value.hpp>

#include <array>

#include <hocket/sqlite/errors.hpp>

namespace hocket::sqlite {

const char* Value::type_name() const noexcept {
    constexpr std::array names{"null", "integer", "real", "text", "blob"};
    return names.at(value_.index());
}

void Value::throw_too_large(std::uint64_t number) {
    throw DataError("SQLite's integers end at 9223372036854775807: " + std::to_string(number) +
                    " is too large");
}

namespace {

[[noreturn]] void throw_wrong_type(const Value& value, const char* wanted) {
    throw DataError(std::string("the value is ") + value.type_name() + ", not " + wanted);
}

} // namespace

std::int64_t Value::integer(std::int64_t least, std::uint64_t most) const {
    const auto* const number = std::get_if<std::int64_t>(&value_);
    if (number == nullptr) {
        throw_wrong_type(*this, "integer");
    }
    if (*number < least || (*number > 0 && static_cast<std::uint64_t>(*number) > most)) {
        throw DataError("the integer " + std::to_string(*number) + " is not between " +
                        std::to_string(least) + " and " + std::to_string(most));
    }
    return *number;
}

double Value::real() const {
    if (const auto* const number = std::get_if<std::int64_t>(&value_)) {
        constexpr std::int64_t exact = std::int64_t{1} << 53;
        if (*number < -exact || *number > exact) {
            throw DataError("the integer " + std::to_string(*number) +
                            " has no exact floating point number");
        }
        return static_cast<double>(*number);
    }
    const auto* const number = std::get_if<double>(&value_);
    if (number == nullptr) {
        throw_wrong_type(*this, "real");
    }
    return *number;
}

const std::string& Value::text() const {
    const auto* const text = std::get_if<std::string>(&value_);
    if (text == nullptr) {
        throw_wrong_type(*this, "text");
    }
    return *text;
}

const Blob& Value::blob() const {
    const auto* const blob = std::get_if<Blob>(&value_);
    if (blob == nullptr) {
        throw_wrong_type(*this, "blob");
    }
    return *blob;
}

} // namespace hocket::sqlite
