#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <hocket/redis/reply.hpp>

struct redisReader;

namespace hocket::detail {

/// Makes replies of the bytes that a server sends, with hiredis's parser.
class RedisReplyParser {
public:
    explicit RedisReplyParser(std::size_t max_reply_size);

    /// How many bytes to feed at a time: the parser moves what is left when it has parsed some.
    static constexpr std::size_t piece = std::size_t{16} * 1024;

    void feed(std::string_view bytes);
    /// Moves the next reply that is complete to `reply`. Returns false if there is none. Throws
    /// ProtocolError.
    [[nodiscard]] bool next(redis::Reply& reply);

    /// Internal: called by hiredis. Adds `reply` at its place, which `parent` is, or nullptr;
    /// returns nullptr if the limit is exceeded.
    [[nodiscard]] redis::Reply* add(redis::Reply* parent, redis::Reply reply) noexcept;

private:
    struct Deleter {
        void operator()(redisReader* reader) const noexcept;
    };

    std::size_t max_size_;
    std::size_t size_ = 0; // of the reply so far
    bool is_too_large_ = false;
    redis::Reply root_;
    std::unique_ptr<redisReader, Deleter> reader_;
};

} // namespace hocket::detail
