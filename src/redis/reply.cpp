#include <hocket/redis/reply.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include <hocket/redis/errors.hpp>

namespace hocket::redis {

namespace {

const char* name_of(Reply::Kind kind) noexcept {
    switch (kind) {
    case Reply::Kind::nil: return "nil";
    case Reply::Kind::string: return "a string";
    case Reply::Kind::status: return "a status";
    case Reply::Kind::error: return "an error";
    case Reply::Kind::integer: return "an integer";
    case Reply::Kind::real: return "a double";
    case Reply::Kind::boolean: return "a boolean";
    case Reply::Kind::array: return "an array";
    case Reply::Kind::map: return "a map";
    case Reply::Kind::set: return "a set";
    case Reply::Kind::push: break;
    }
    return "a push message";
}

} // namespace

void Reply::throw_error() const { throw ResponseError(text_); }

void Reply::throw_wrong_type(const char* wanted) const {
    throw_if_error();
    std::string text = std::string("the reply is ") + name_of(kind_);
    if (kind_ == Kind::string || kind_ == Kind::status) {
        text += " ('" + text_.substr(0, 100) + "')";
    }
    throw DataError(text + ", not " + wanted);
}

std::string Reply::take_text() {
    switch (kind_) {
    case Kind::string:
    case Kind::status: return std::move(text_);
    case Kind::integer: return std::to_string(integer_);
    default: throw_wrong_type("a string");
    }
}

std::int64_t Reply::number(std::int64_t least, std::uint64_t most) const {
    std::int64_t value = integer_;
    if (kind_ == Kind::string || kind_ == Kind::status) {
        const char* const end = text_.data() + text_.size();
        const auto [last, error] = std::from_chars(text_.data(), end, value);
        if (error != std::errc() || last != end) {
            throw_wrong_type("an integer");
        }
    } else if (kind_ != Kind::integer && kind_ != Kind::boolean) {
        throw_wrong_type("an integer");
    }
    if (value < least || (value > 0 && static_cast<std::uint64_t>(value) > most)) {
        throw DataError("the integer " + std::to_string(value) + " is not between " +
                        std::to_string(least) + " and " + std::to_string(most));
    }
    return value;
}

double Reply::real_number() const {
    switch (kind_) {
    case Kind::real: return real_;
    case Kind::integer: return static_cast<double>(integer_);
    case Kind::string:
    case Kind::status: break;
    default: throw_wrong_type("a double");
    }
    double value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [last, error] = std::from_chars(text_.data(), end, value);
    if (error != std::errc() || last != end) {
        throw_wrong_type("a double");
    }
    return value;
}

bool Reply::truth() const {
    if (kind_ == Kind::status && text_ == "OK") {
        return true;
    }
    if (kind_ == Kind::nil) { // SET with a condition that was not met
        return false;
    }
    return number(0, 1) != 0;
}

std::vector<Reply>& Reply::list(const char* wanted) {
    if (kind_ < Kind::array) {
        throw_wrong_type(wanted);
    }
    return elements_;
}

} // namespace hocket::redis
