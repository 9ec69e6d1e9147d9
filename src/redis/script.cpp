#include <hocket/redis/script.hpp>

#include <hocket/redis/errors.hpp>

namespace hocket::redis {

Coro<> Script::load() const {
    detail::RedisCommand<std::string> command(
        target_, detail::make_redis_text("SCRIPT", "LOAD", state_->text));
    state_->sha = co_await command;
}

Coro<Reply> Script::run(Script self, Texts keys, Texts arguments) {
    for (bool was_loaded = false;; was_loaded = true) {
        if (self.state_->sha.empty() || was_loaded) {
            co_await self.load();
        }
        detail::RedisCommand<Reply> command(
            self.target_, detail::RedisArguments("EVALSHA", self.state_->sha, keys.size())
                              .add_all(keys)
                              .add_all(arguments)
                              .text());
        try {
            co_return co_await command;
        } catch (const ResponseError& error) {
            if (error.code() != "NOSCRIPT" || was_loaded) {
                throw;
            }
        }
    }
}

} // namespace hocket::redis
