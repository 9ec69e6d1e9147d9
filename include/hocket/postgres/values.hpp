#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::postgres {

/// bytea. std::string can be used for it as well.
using Bytes = std::vector<std::byte>;
/// timestamptz: a moment.
using TimestampTz = std::chrono::sys_time<std::chrono::microseconds>;
/// timestamp: a date and a time on the clock of an unnamed place.
using Timestamp = std::chrono::local_time<std::chrono::microseconds>;
/// date
using Date = std::chrono::sys_days;

/// time: the time since midnight.
struct TimeOfDay {
    std::chrono::microseconds since_midnight{};
    auto operator<=>(const TimeOfDay&) const = default;
};

/// interval. Its three parts are separate, because months and days differ in length.
struct Interval {
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::chrono::microseconds time{};
    bool operator==(const Interval&) const = default;
};

/// uuid
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const Uuid&) const = default;

    /// Reads 32 hexadecimal digits, with or without hyphens. Throws ValueError.
    [[nodiscard]] static Uuid parse(std::string_view text);
    /// Such as "0bd5a4ac-2b8e-4d8c-9c4b-1f6a3c5d7e90".
    [[nodiscard]] std::string str() const;
};

} // namespace hocket::postgres
