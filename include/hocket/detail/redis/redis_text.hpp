#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::detail {

/// An argument of a command: text, bytes or a number. Valid as long as what it was made of.
class RedisArgument {
public:
    template <class T> requires std::convertible_to<const T&, std::string_view>
    RedisArgument(const T& text) noexcept : text_(text) {}   // NOLINT(google-explicit-constructor)
    RedisArgument(std::span<const std::byte> bytes) noexcept // NOLINT(google-explicit-constructor)
        : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}
    template <class T>
    requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>)
    RedisArgument(T number) noexcept { // NOLINT(google-explicit-constructor)
        set_number(number);
    }
    RedisArgument(double number) noexcept { // NOLINT(google-explicit-constructor)
        set_number(number);
    }

    [[nodiscard]] std::string_view text() const noexcept {
        return length_ == 0 ? text_ : std::string_view(digits_.data(), length_);
    }

private:
    template <class T> void set_number(T number) noexcept {
        const auto [end, error] =
            std::to_chars(digits_.data(), digits_.data() + digits_.size(), number);
        length_ = static_cast<std::size_t>(end - digits_.data());
    }

    std::string_view text_;
    std::array<char, 32> digits_;
    std::size_t length_ = 0; // of the digits; 0: it is text
};

/// A command as it is sent. The arguments are sent with their lengths, so nothing in them can
/// become another command.
class RedisText {
public:
    RedisText() noexcept = default;
    /// Throws ValueError if there are no arguments.
    explicit RedisText(std::span<const RedisArgument> arguments);
    /// Commands that are formatted already.
    explicit RedisText(std::string bytes) noexcept : bytes_(std::move(bytes)) {}

    [[nodiscard]] std::string_view view() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

template <class... Args> RedisText make_redis_text(const Args&... arguments) {
    const std::array<RedisArgument, sizeof...(Args)> list{RedisArgument(arguments)...};
    return RedisText(list);
}

/// The arguments of a command whose number is known only when the program runs.
class RedisArguments {
public:
    template <class... Args> explicit RedisArguments(const Args&... first) {
        (list_.emplace_back(first), ...);
    }
    template <class T> RedisArguments& add(const T& argument) {
        list_.emplace_back(argument);
        return *this;
    }
    template <class Range> RedisArguments& add_all(const Range& range) {
        for (const auto& item : range) {
            list_.emplace_back(item);
        }
        return *this;
    }
    [[nodiscard]] RedisText text() const { return RedisText(list_); }

private:
    std::vector<RedisArgument> list_;
};

/// Throws ValueError for commands that change what a connection is, which other tasks share:
/// SUBSCRIBE, MULTI, SELECT and others.
void require_shareable(std::string_view command);

} // namespace hocket::detail
