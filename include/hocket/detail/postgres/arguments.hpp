#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/postgres/values.hpp>

namespace hocket::detail::postgres {

namespace pg = hocket::postgres;

struct Argument;
using ArrayArgument = std::vector<Argument>;

/// An argument of a query, before the type of its parameter is known.
struct Argument {
    std::variant<std::monostate, bool, std::int64_t, double, std::string, pg::Bytes,
                 pg::TimestampTz, pg::Timestamp, pg::Date, pg::TimeOfDay, pg::Interval, pg::Uuid,
                 ArrayArgument>
        value;
};
using Arguments = std::vector<Argument>;

[[noreturn]] void throw_integer_too_large(std::uint64_t value);

template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
concept ArrayLike = std::ranges::input_range<T> && !std::convertible_to<T, std::string_view> &&
                    !std::same_as<T, pg::Bytes>;

/// Converts an argument. Types that do not appear here cannot be passed as parameters.
template <class T> Argument to_argument(const T& value) {
    if constexpr (std::same_as<T, std::nullopt_t> || std::same_as<T, std::nullptr_t>) {
        return {};
    } else if constexpr (IsOptional<T>::value) {
        return value ? to_argument(*value) : Argument{};
    } else if constexpr (std::same_as<T, bool>) {
        return {value};
    } else if constexpr (std::integral<T>) {
        if constexpr (std::unsigned_integral<T> && sizeof(T) == 8) {
            if (value > static_cast<T>(INT64_MAX)) {
                throw_integer_too_large(value);
            }
        }
        return {static_cast<std::int64_t>(value)};
    } else if constexpr (std::floating_point<T>) {
        return {static_cast<double>(value)};
    } else if constexpr (std::convertible_to<T, std::string_view>) {
        return {std::string(std::string_view(value))};
    } else if constexpr (std::convertible_to<T, pg::TimestampTz>) { // before dates: they convert
        if constexpr (std::same_as<T, pg::Date>) {
            return {value};
        } else {
            return {pg::TimestampTz(value)};
        }
    } else if constexpr (requires {
                             typename T::clock;
                             requires std::same_as<typename T::clock, std::chrono::system_clock>;
                         }) {
        return {std::chrono::floor<std::chrono::microseconds>(value)};
    } else if constexpr (std::convertible_to<T, pg::Timestamp>) {
        return {pg::Timestamp(value)};
    } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
        return {pg::Date(value)};
    } else if constexpr (std::same_as<T, pg::Bytes> || std::same_as<T, pg::TimeOfDay> ||
                         std::same_as<T, pg::Interval> || std::same_as<T, pg::Uuid>) {
        return {value};
    } else {
        static_assert(ArrayLike<T>, "hocket: this type cannot be a parameter of a query: pass a "
                                    "number, text, bytes, a chrono time, a Uuid, an Interval, an "
                                    "optional or a range of these");
        ArrayArgument elements;
        for (const auto& element : value) {
            elements.push_back(to_argument<std::ranges::range_value_t<const T>>(element));
        }
        return {std::move(elements)};
    }
}

template <std::size_t N> Argument to_argument(const char (&text)[N]) { return {std::string(text)}; }
inline Argument to_argument(const char* text) { return {std::string(text)}; }

template <class... A> Arguments to_arguments(const A&... values) {
    Arguments arguments;
    arguments.reserve(sizeof...(A));
    (arguments.push_back(to_argument(values)), ...);
    return arguments;
}

} // namespace hocket::detail::postgres
