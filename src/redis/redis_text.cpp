#include <hocket/detail/redis/redis_text.hpp>

#include <algorithm>
#include <charconv>

#include <hocket/errors.hpp>

namespace hocket::detail {

namespace {

constexpr std::size_t most_digits = 20;

void append_length(std::string& bytes, char sign, std::size_t length) {
    char digits[most_digits];
    const auto [end, error] = std::to_chars(digits, digits + most_digits, length);
    bytes += sign;
    bytes.append(digits, end);
    bytes += "\r\n";
}

} // namespace

// hiredis has a function for this. It uses sprintf, which took a fifth of a GET's processor time.
RedisText::RedisText(std::span<const RedisArgument> arguments) {
    if (arguments.empty()) {
        throw ValueError("a Redis command needs a name");
    }
    std::size_t size = most_digits;
    for (const RedisArgument& argument : arguments) {
        size += argument.text().size() + most_digits;
    }
    bytes_.reserve(size);
    append_length(bytes_, '*', arguments.size());
    for (const RedisArgument& argument : arguments) {
        append_length(bytes_, '$', argument.text().size());
        bytes_ += argument.text();
        bytes_ += "\r\n";
    }
}

void require_shareable(std::string_view command) {
    struct Refused {
        std::string_view command;
        const char* instead;
    };
    static constexpr Refused refused[] = {
        {"SUBSCRIBE", "pubsub()"},   {"PSUBSCRIBE", "pubsub()"},   {"SSUBSCRIBE", "pubsub()"},
        {"UNSUBSCRIBE", "pubsub()"}, {"PUNSUBSCRIBE", "pubsub()"}, {"SUNSUBSCRIBE", "pubsub()"},
        {"MULTI", "pipeline()"},     {"EXEC", "pipeline()"},       {"DISCARD", "pipeline()"},
        {"WATCH", "transaction()"},  {"UNWATCH", "transaction()"}, {"SELECT", "ClientOptions::db"},
        {"AUTH", "ClientOptions"},   {"HELLO", "ClientOptions"},   {"QUIT", "aclose()"},
        {"RESET", "a new Client"},   {"MONITOR", "redis-cli"},     {"SYNC", "redis-cli"},
        {"PSYNC", "redis-cli"},
    };
    for (const Refused& one : refused) {
        const bool is_this = std::equal(
            command.begin(), command.end(), one.command.begin(), one.command.end(),
            [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
        if (is_this) {
            throw ValueError("the command " + std::string(one.command) +
                             " would change a connection that all tasks share: use " + one.instead);
        }
    }
}

} // namespace hocket::detail
