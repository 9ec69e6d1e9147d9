#include "redis/reply_parser.hpp"

#include <new>
#include <utility>

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <hocket/redis/errors.hpp>

namespace hocket::detail {

namespace {

using redis::Reply;
using Kind = Reply::Kind;

Kind kind_of(int type) noexcept {
    switch (type) {
    case REDIS_REPLY_ARRAY: return Kind::array;
    case REDIS_REPLY_STATUS: return Kind::status;
    case REDIS_REPLY_ERROR: return Kind::error;
#ifdef REDIS_REPLY_PUSH
    case REDIS_REPLY_MAP: return Kind::map;
    case REDIS_REPLY_SET: return Kind::set;
    case REDIS_REPLY_PUSH: return Kind::push;
#endif
    default: return Kind::string;
    }
}

void* add(const redisReadTask* task, Reply reply) noexcept {
    auto* const parser = static_cast<RedisReplyParser*>(task->privdata);
    auto* const parent = task->parent == nullptr ? nullptr : static_cast<Reply*>(task->parent->obj);
    return parser->add(parent, std::move(reply));
}

template <class Size> void* create_array(const redisReadTask* task, Size) {
    return add(task, Reply(kind_of(task->type)));
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
#ifdef REDIS_REPLY_VERB
    if (task->type == REDIS_REPLY_VERB && size >= 4) { // "txt:" comes first
        text += 4;
        size -= 4;
    }
#endif
    return add(task, Reply(kind_of(task->type), std::string(text, size)));
}

void* create_integer(const redisReadTask* task, long long number) {
    return add(task, Reply(Kind::integer, std::int64_t{number}));
}

void* create_nil(const redisReadTask* task) { return add(task, Reply()); }

#ifdef REDIS_REPLY_PUSH
void* create_double(const redisReadTask* task, double number, char*, std::size_t) {
    return add(task, Reply(number));
}

void* create_bool(const redisReadTask* task, int truth) {
    return add(task, Reply(Kind::boolean, std::int64_t{truth}));
}
#endif

// hiredis destroys what it has made when it finds an error. The parser's members do that.
void free_object(void*) {}

redisReplyObjectFunctions make_functions() noexcept {
    redisReplyObjectFunctions functions{};
    functions.createString = create_string;
    functions.createArray = create_array; // its second parameter was an int before hiredis 1.0
    functions.createInteger = create_integer;
    functions.createNil = create_nil;
    functions.freeObject = free_object;
#ifdef REDIS_REPLY_PUSH
    functions.createDouble = create_double;
    functions.createBool = create_bool;
#endif
    return functions;
}

redisReplyObjectFunctions functions = make_functions();

} // namespace

void RedisReplyParser::Deleter::operator()(redisReader* reader) const noexcept {
    ::redisReaderFree(reader);
}

RedisReplyParser::RedisReplyParser(std::size_t max_reply_size)
    : max_size_(max_reply_size), reader_(::redisReaderCreateWithFunctions(&functions)) {
    if (reader_ == nullptr) {
        throw std::bad_alloc();
    }
    reader_->privdata = this;
}

redis::Reply* RedisReplyParser::add(redis::Reply* parent, redis::Reply reply) noexcept {
    size_ += sizeof(redis::Reply) + reply.text().size();
    if (size_ > max_size_) {
        is_too_large_ = true;
        return nullptr;
    }
    try {
        if (parent == nullptr) {
            root_ = std::move(reply);
            return &root_;
        }
        // The elements move when their vector grows, but all before the last one are complete, so
        // hiredis does not use them any more.
        parent->elements().push_back(std::move(reply));
        return &parent->elements().back();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void RedisReplyParser::feed(std::string_view bytes) {
    if (::redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
        throw redis::ProtocolError(std::string("Redis: ") + reader_->errstr);
    }
}

bool RedisReplyParser::next(redis::Reply& reply) {
    void* complete = nullptr;
    const int code = ::redisReaderGetReply(reader_.get(), &complete);
    if (is_too_large_ || (complete == nullptr && reader_->len - reader_->pos > max_size_)) {
        throw redis::ProtocolError("a reply of Redis is larger than the limit of " +
                                   std::to_string(max_size_) + " bytes (max_reply_size)");
    }
    if (code != REDIS_OK) {
        throw redis::ProtocolError(std::string("what the server sends is not Redis's protocol: ") +
                                   reader_->errstr);
    }
    if (complete == nullptr) {
        return false;
    }
    reply = std::move(root_);
    root_ = redis::Reply();
    size_ = 0;
    return true;
}

} // namespace hocket::detail
