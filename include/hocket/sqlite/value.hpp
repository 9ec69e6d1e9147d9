#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hocket::detail {

template <class T>
concept StdOptional = requires { typename T::value_type; } &&
                      std::is_same_v<T, std::optional<typename T::value_type>>;

} // namespace hocket::detail

namespace hocket::sqlite {

using Blob = std::vector<std::byte>;

/// One value of SQLite: NULL, an integer, a double, text or a blob.
class Value {
public:
    using Variant = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

    Value() noexcept = default;       ///< NULL
    Value(std::nullptr_t) noexcept {} // NOLINT(google-explicit-constructor): parameters convert
    Value(std::nullopt_t) noexcept {} // NOLINT(google-explicit-constructor)
    /// Throws DataError if the number is larger than SQLite's integers, which have 64 bits and a
    /// sign.
    template <std::integral T>
    Value(T number) // NOLINT(google-explicit-constructor)
        : value_(checked(number)) {}
    Value(double number) noexcept : value_(number) {} // NOLINT(google-explicit-constructor)
    Value(std::string text) noexcept                  // NOLINT(google-explicit-constructor)
        : value_(std::move(text)) {}
    Value(std::string_view text)
        : value_(std::string(text)) {}                       // NOLINT(google-explicit-constructor)
    Value(const char* text) : value_(std::string(text)) {}   // NOLINT(google-explicit-constructor)
    Value(Blob bytes) noexcept : value_(std::move(bytes)) {} // NOLINT(google-explicit-constructor)
    Value(std::span<const std::byte> bytes)                  // NOLINT(google-explicit-constructor)
        : value_(Blob(bytes.begin(), bytes.end())) {}
    /// NULL if it is empty.
    template <class T> Value(std::optional<T> value) { // NOLINT(google-explicit-constructor)
        if (value) {
            *this = Value(std::move(*value));
        }
    }

    [[nodiscard]] bool is_null() const noexcept { return value_.index() == 0; }
    /// "null", "integer", "real", "text" or "blob", as SQLite's typeof() says.
    [[nodiscard]] const char* type_name() const noexcept;
    [[nodiscard]] const Variant& variant() const noexcept { return value_; }

    /// Returns the value as a T: an integer type, bool, double, float, std::string,
    /// std::string_view (valid as long as this), Blob, or a std::optional of one of them, which is
    /// empty for NULL. Integers convert to floating point, if that is exact, and nothing else
    /// converts. Throws DataError if the value has another type or does not fit.
    template <class T> [[nodiscard]] T as() const;

    friend bool operator==(const Value&, const Value&) = default;

private:
    template <std::integral T> static std::int64_t checked(T number) {
        if (!std::in_range<std::int64_t>(as_standard(number))) {
            throw_too_large(static_cast<std::uint64_t>(number));
        }
        return static_cast<std::int64_t>(number);
    }
    /// std::in_range accepts neither bool nor character types.
    template <std::integral T> static constexpr auto as_standard(T number) noexcept {
        if constexpr (sizeof(T) < 8) {
            return static_cast<std::int64_t>(number);
        } else {
            return number;
        }
    }
    [[noreturn]] static void throw_too_large(std::uint64_t number);
    [[nodiscard]] std::int64_t integer(std::int64_t least, std::uint64_t most) const;
    [[nodiscard]] double real() const;
    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] const Blob& blob() const;

    Variant value_;
};

template <class T> T Value::as() const {
    if constexpr (detail::StdOptional<T>) {
        return is_null() ? T() : T(as<typename T::value_type>());
    } else if constexpr (std::is_same_v<T, bool>) {
        return integer(0, 1) != 0;
    } else if constexpr (std::is_integral_v<T>) {
        using Limits = std::numeric_limits<T>;
        return static_cast<T>(integer(static_cast<std::int64_t>(Limits::min()),
                                      static_cast<std::uint64_t>(Limits::max())));
    } else if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(real());
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        return text();
    } else if constexpr (std::is_same_v<T, Value>) {
        return *this;
    } else {
        static_assert(std::is_same_v<T, Blob>,
                      "hocket::sqlite: a value is an integer, a floating point number, "
                      "std::string, Blob, or a std::optional of one of them");
        return blob();
    }
}

} // namespace hocket::sqlite
