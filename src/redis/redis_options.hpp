#pragma once

#include <memory>

#include <hocket/redis/options.hpp>
#include <hocket/ssl_context.hpp>

namespace hocket::detail {

/// The options of a client, for connections that it makes later. They refer to a share of the
/// SSLContext of their own, because the variable that the user has named may be gone by then.
class RedisOptions : public redis::ClientOptions {
public:
    RedisOptions(const redis::ClientOptions& options) // NOLINT(google-explicit-constructor)
        : ClientOptions(options) {
        if (const SSLContext* const named = options.ssl.get()) {
            context_ = std::make_shared<const SSLContext>(*named);
            ssl = *context_;
        }
    }

private:
    std::shared_ptr<const SSLContext> context_;
};

} // namespace hocket::detail
