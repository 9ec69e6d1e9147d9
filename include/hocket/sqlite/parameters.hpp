#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/sqlite/value.hpp>

namespace hocket::sqlite {

/// A value for a parameter with a name.
struct NamedValue {
    NamedValue(std::string_view name, Value value) : name(name), value(std::move(value)) {}

    std::string name;
    Value value;
};

/// The value of the parameter `:name`, `@name` or `$name`; `name` is without the sign.
inline NamedValue named(std::string_view name, Value value) {
    return NamedValue(name, std::move(value));
}

/// The values for the parameters of a statement: all positional (`?`) or all named (`:name`). They
/// are passed to SQLite as values and never become part of the SQL.
class Parameters {
public:
    Parameters() noexcept = default;
    /// Positional: `Parameters(1, "two", nullptr)`.
    template <class... Values>
    requires(sizeof...(Values) > 0 && (std::is_convertible_v<Values, Value> && ...))
    explicit Parameters(Values&&... values) {
        values_.reserve(sizeof...(Values));
        (values_.emplace_back(std::forward<Values>(values)), ...);
    }
    /// Named: `Parameters(named("id", 1), named("name", "two"))`.
    template <class... Named>
    requires(sizeof...(Named) > 0 &&
             (std::is_same_v<std::remove_cvref_t<Named>, NamedValue> && ...))
    explicit Parameters(Named&&... values) {
        (add(std::forward<Named>(values)), ...);
    }
    /// Positional, if their number is known only when the program runs.
    explicit Parameters(std::vector<Value> values) noexcept : values_(std::move(values)) {}

    /// Appends a parameter. Throws ProgrammingError if others are named.
    void add(Value value);
    /// Appends a parameter with a name. Throws ProgrammingError if others are positional.
    void add(NamedValue value);

    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool are_named() const noexcept { return !names_.empty(); }
    [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }
    /// Empty if they are positional.
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

private:
    std::vector<Value> values_;
    std::vector<std::string> names_;
};

/// What a function accepts as the parameters of a statement: values, or values with names, or one
/// Parameters.
template <class... P>
concept ParametersOf = std::is_constructible_v<Parameters, P...>;

} // namespace hocket::sqlite
