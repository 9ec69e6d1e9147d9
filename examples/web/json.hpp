#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace web {

/// Where in the text what was expected, or which member is missing.
class JsonError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A parsed JSON value. The accessors throw JsonError when it is of another kind.
class JsonValue {
public:
    using Array = std::vector<JsonValue>;
    using Object = std::vector<std::pair<std::string, JsonValue>>;
    using Variant = std::variant<std::nullptr_t, bool, double, std::string, Array, Object>;

    JsonValue() = default;
    explicit JsonValue(Variant value) : value_(std::move(value)) {}

    bool boolean() const;
    double number() const;
    const std::string& text() const;
    const Array& items() const;
    /// The member of that name.
    const JsonValue& at(std::string_view name) const;

private:
    Variant value_;
};

/// Parses all of `text`. Throws JsonError.
JsonValue parse_json(std::string_view text);

/// `text` as a JSON string, quotes included.
std::string json_string(std::string_view text);

} // namespace web
