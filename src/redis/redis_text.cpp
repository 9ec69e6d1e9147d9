#include <hocket/detail/redis/redis_text.hpp>

#include <algorithm>
#include <cstring>
#include <new>

#include <hiredis/hiredis.h>

#include <hocket/errors.hpp>

namespace hocket::detail {

RedisText::RedisText(std::span<const RedisArgument> arguments) {
    if (arguments.empty()) {
        throw ValueError("a Redis command needs a name");
    }
    constexpr std::size_t few = 16;
    std::array<const char*, few> few_texts;
    std::array<std::size_t, few> few_sizes;
    std::vector<const char*> many_texts(arguments.size() > few ? arguments.size() : 0);
    std::vector<std::size_t> many_sizes(many_texts.size());
    const char** const texts = many_texts.empty() ? few_texts.data() : many_texts.data();
    std::size_t* const sizes = many_sizes.empty() ? few_sizes.data() : many_sizes.data();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        texts[i] = arguments[i].text().data();
        sizes[i] = arguments[i].text().size();
    }
    char* bytes = nullptr;
    const auto size =
        ::redisFormatCommandArgv(&bytes, static_cast<int>(arguments.size()), texts, sizes);
    if (size < 0) {
        throw std::bad_alloc();
    }
    bytes_.reset(bytes);
    size_ = static_cast<std::size_t>(size);
}

RedisText RedisText::of_bytes(std::string_view bytes) {
    RedisText text;
    text.bytes_.reset(static_cast<char*>(std::malloc(bytes.size())));
    if (text.bytes_ == nullptr) {
        throw std::bad_alloc();
    }
    std::memcpy(text.bytes_.get(), bytes.data(), bytes.size());
    text.size_ = bytes.size();
    return text;
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
