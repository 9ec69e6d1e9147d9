#include "http/http_date.hpp"

#include <array>

#include "http/ascii.hpp"

namespace hocket::http::detail {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string two_digits(int value) {
    return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

/// The number in all of `text`, or -1.
int number(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

int month_index(std::string_view name) {
    for (std::size_t i = 0; i < months.size(); ++i) {
        if (months[i] == name) return static_cast<int>(i);
    }
    return -1;
}

} // namespace

std::string format_http_date(std::time_t time) {
    std::tm utc{};
    gmtime_r(&time, &utc);
    const int year = utc.tm_year + 1900;
    std::string text(days[static_cast<std::size_t>(utc.tm_wday)]);
    text += ", " + two_digits(utc.tm_mday) + " ";
    text += months[static_cast<std::size_t>(utc.tm_mon)];
    text += " " + two_digits(year / 100) + two_digits(year) + " " + two_digits(utc.tm_hour) + ":" +
            two_digits(utc.tm_min) + ":" + two_digits(utc.tm_sec) + " GMT";
    return text;
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
    // Www, DD Mmm YYYY HH:MM:SS GMT
    if (text.size() != http_date_size) return std::nullopt;
    std::tm utc{};
    utc.tm_mday = number(text.substr(5, 2));
    utc.tm_mon = month_index(text.substr(8, 3));
    utc.tm_year = number(text.substr(12, 4)) - 1900;
    utc.tm_hour = number(text.substr(17, 2));
    utc.tm_min = number(text.substr(20, 2));
    utc.tm_sec = number(text.substr(23, 2));
    const std::time_t time = timegm(&utc);
    // Only a date that is right in every character comes out the same when it is written again.
    if (format_http_date(time) != text) return std::nullopt;
    return time;
}

} // namespace hocket::http::detail
