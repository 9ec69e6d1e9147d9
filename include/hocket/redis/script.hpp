#pragma once

#include <memory>
#include <string>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/redis/redis_call.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::redis {

/// A Lua script: redis-py's Script, made by Client::register_script. It is loaded when it is first
/// called and called by its hash; if the server has forgotten it, it is loaded again. A handle.
class Script {
public:
    /// `co_await script(texts("key"), texts("argument"))`: runs it and returns its result.
    Coro<Reply> operator()(Texts keys = {}, Texts arguments = {}) const {
        return run(*this, std::move(keys), std::move(arguments));
    }

    /// Internal.
    Script(std::shared_ptr<detail::RedisTarget> target, std::string text)
        : target_(std::move(target)), state_(std::make_shared<State>(State{std::move(text), {}})) {}

private:
    struct State {
        std::string text;
        std::string sha; // empty until it has been loaded
    };
    static Coro<Reply> run(Script self, Texts keys, Texts arguments);
    Coro<> load() const;

    std::shared_ptr<detail::RedisTarget> target_;
    std::shared_ptr<State> state_;
};

} // namespace hocket::redis
