#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hocket::redis {

class Reply;

} // namespace hocket::redis

namespace hocket::detail {

template <class T> inline constexpr bool is_std_optional = false;
template <class T> inline constexpr bool is_std_optional<std::optional<T>> = true;
template <class T> inline constexpr bool is_std_vector = false;
template <class T> inline constexpr bool is_std_vector<std::vector<T>> = true;
template <class T> inline constexpr bool is_std_pair = false;
template <class A, class B> inline constexpr bool is_std_pair<std::pair<A, B>> = true;
template <class T>
concept MapType = requires { typename T::mapped_type; };

} // namespace hocket::detail

namespace hocket::redis {

/// What the server has answered: a value, or an array of values, or an error.
class Reply {
public:
    enum class Kind : std::uint8_t {
        nil,
        string,
        status, ///< such as OK
        error,
        integer,
        real,    ///< RESP3
        boolean, ///< RESP3
        array,
        map,  ///< RESP3: keys and values alternate
        set,  ///< RESP3
        push, ///< RESP3: a message that is no reply
    };

    Reply() noexcept = default; ///< nil
    /// Internal.
    Reply(Kind kind, std::string text) noexcept : kind_(kind), text_(std::move(text)) {}
    Reply(Kind kind, std::int64_t integer) noexcept : kind_(kind), integer_(integer) {}
    explicit Reply(double real) noexcept : kind_(Kind::real), real_(real) {}
    explicit Reply(Kind kind) noexcept : kind_(kind) {}

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_nil() const noexcept { return kind_ == Kind::nil; }
    [[nodiscard]] bool is_error() const noexcept { return kind_ == Kind::error; }
    /// The elements of an array, map, set or push; empty for others.
    [[nodiscard]] const std::vector<Reply>& elements() const noexcept { return elements_; }
    [[nodiscard]] std::vector<Reply>& elements() noexcept { return elements_; }
    /// The text of a string, status or error; empty for others.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Returns the reply as a T: Reply, std::string, an integer type, bool (of 0 and 1, true for
    /// OK, false for nil), double, std::vector<T>, std::pair<A, B> of an array of two, std::map<A,
    /// B> of an array of keys and values, or a std::optional<T>, which is empty for nil. Numbers in
    /// text convert. Throws ResponseError if the reply is an error, and DataError if it has another
    /// type.
    template <class T> [[nodiscard]] T as() &&;
    template <class T> [[nodiscard]] T as() const& { return Reply(*this).as<T>(); }
    /// Throws ResponseError if the reply is an error.
    void throw_if_error() const {
        if (is_error()) [[unlikely]] {
            throw_error();
        }
    }

private:
    [[noreturn]] void throw_error() const;
    [[noreturn]] void throw_wrong_type(const char* wanted) const;
    [[nodiscard]] std::string take_text();
    [[nodiscard]] std::int64_t number(std::int64_t least, std::uint64_t most) const;
    [[nodiscard]] double real_number() const;
    [[nodiscard]] bool truth() const;
    [[nodiscard]] std::vector<Reply>& list(const char* wanted);
    template <class T> T take_map();

    Kind kind_ = Kind::nil;
    union {
        std::int64_t integer_ = 0;
        double real_;
    };
    std::string text_;
    std::vector<Reply> elements_;
};

template <class T> T Reply::take_map() {
    std::vector<Reply>& flat = list("a map");
    if (flat.size() % 2 != 0) {
        throw_wrong_type("a map");
    }
    T map;
    for (std::size_t i = 0; i < flat.size(); i += 2) {
        map.emplace(std::move(flat[i]).as<typename T::key_type>(),
                    std::move(flat[i + 1]).as<typename T::mapped_type>());
    }
    return map;
}

template <class T> T Reply::as() && {
    if constexpr (std::is_same_v<T, Reply>) {
        throw_if_error();
        return std::move(*this);
    } else if constexpr (std::is_void_v<T>) {
        throw_if_error();
    } else if constexpr (detail::is_std_optional<T>) {
        return is_nil() ? T() : T(std::move(*this).as<typename T::value_type>());
    } else if constexpr (std::is_same_v<T, bool>) {
        return truth();
    } else if constexpr (std::is_integral_v<T>) {
        using Limits = std::numeric_limits<T>;
        return static_cast<T>(number(static_cast<std::int64_t>(Limits::min()),
                                     static_cast<std::uint64_t>(Limits::max())));
    } else if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(real_number());
    } else if constexpr (detail::is_std_vector<T>) {
        T values;
        std::vector<Reply>& items = list("an array");
        values.reserve(items.size());
        for (Reply& item : items) {
            values.push_back(std::move(item).as<typename T::value_type>());
        }
        return values;
    } else if constexpr (detail::is_std_pair<T>) {
        std::vector<Reply>& both = list("a pair");
        if (both.size() != 2) {
            throw_wrong_type("a pair");
        }
        return T(std::move(both[0]).as<typename T::first_type>(),
                 std::move(both[1]).as<typename T::second_type>());
    } else if constexpr (detail::MapType<T>) {
        return take_map<T>();
    } else {
        static_assert(std::is_same_v<T, std::string>,
                      "hocket::redis: a reply converts to Reply, std::string, a number, bool, "
                      "std::vector, std::pair, std::map or std::optional");
        return take_text();
    }
}

} // namespace hocket::redis
