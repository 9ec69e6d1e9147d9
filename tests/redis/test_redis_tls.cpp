// TLS, with real certificates.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>

#include "crawl/client_socket.hpp"
#include "redis/redis_server.hpp"
#include "support/tls_contexts.hpp"

namespace {

using hocket::Coro;
using hocket::SSLContext;
using hocket::redis::Client;
using hocket::redis::ClientOptions;
using hocket::redis::ConnectionError;
using testing::HasSubstr;

/// A server with TLS on a port of its own. Its certificate is for `hosts`.
class TlsServer {
public:
    explicit TlsServer(const std::string& hosts = "DNS:localhost",
                       const std::string& auth_clients = "no")
        : file_(tls_.pem_file(certificates::make({.hosts = hosts}, &tls_.authority))),
          server_({"--tls-port", std::to_string(port_), "--tls-cert-file", file_, "--tls-key-file",
                   file_, "--tls-ca-cert-file", tls_.folder.file("ca.pem", tls_.authority_pem()),
                   "--tls-auth-clients", auth_clients}) {}

    /// The context must be a named variable.
    [[nodiscard]] ClientOptions options(const SSLContext& context) const {
        ClientOptions options;
        options.port = port_;
        options.ssl = context;
        options.retries = 0;
        options.timeout = options.connect_timeout = std::chrono::seconds(60);
        return options;
    }
    [[nodiscard]] std::string url(const std::string& scheme) const {
        return scheme + "://localhost:" + std::to_string(port_);
    }
    [[nodiscard]] SSLContext& client() { return tls_.client; }
    [[nodiscard]] TlsContexts& tls() { return tls_; }
    [[nodiscard]] RedisServer& server() { return server_; }

private:
    TlsContexts tls_;
    int port_ = crawl_tests::free_port();
    std::string file_;
    RedisServer server_;
};

/// The ConnectionError with which the first command ends.
Coro<std::string> refusal(Client client) {
    try {
        co_await client.ping();
    } catch (const ConnectionError& error) {
        co_return error.what();
    }
    co_return "connected";
}

TEST(RedisTls, CarriesCommandsSubscriptionsAndLargeValues) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls;
    auto main = [&]() -> Coro<> {
        const Client client(tls.options(tls.client()));
        const std::string megabyte(std::size_t{1} << 20, 'x');
        co_await client.set("large", megabyte);
        const auto pipeline = client.pipeline();
        for (int i = 0; i < 8; ++i) {
            pipeline.get("large");
        }
        for (const auto& reply : co_await pipeline.execute()) {
            EXPECT_TRUE(reply.text() == megabyte);
        }
        co_await client.lpush("list", "first");
        const auto popped =
            co_await client.blpop(hocket::redis::texts("list"), std::chrono::milliseconds(0));
        EXPECT_EQ(popped.value().second, "first");
        const auto pubsub = client.pubsub();
        co_await pubsub.subscribe("channel");
        auto messages = pubsub.listen();
        co_await messages.next(); // the server has accepted the subscription
        co_await client.publish("channel", "hello");
        const auto message = co_await messages.next();
        EXPECT_EQ(message.value().data, "hello");
    };
    hocket::run(main);
}

TEST(RedisTls, AClientKeepsItsContextForLaterConnections) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls;
    const auto connect = [&] {
        const SSLContext context = hocket::create_default_context(
            hocket::Purpose::SERVER_AUTH, {.cadata = tls.tls().authority_pem()});
        ClientOptions options = tls.options(context);
        options.retries = 50;
        return Client(options);
    };
    auto main = [&]() -> Coro<> {
        const Client client = connect();
        co_await client.set("key", "value");
        const auto pubsub = client.pubsub();
        co_await pubsub.subscribe("channel");
        tls.server().restart();
        while (co_await refusal(client) != "connected") {
        }
        EXPECT_EQ(co_await client.get("key"), "value");
    };
    hocket::run(main);
}

TEST(RedisTls, AUrlTrustsTheAuthoritiesOfTheSystemOrOfAContext) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls;
    auto main = [&]() -> Coro<> {
        const auto trusted =
            hocket::redis::from_url(tls.url("rediss"), {.ssl = tls.client(), .retries = 0});
        EXPECT_EQ(co_await trusted.ping(), "PONG");
        const auto unknown = hocket::redis::from_url(tls.url("rediss"), {.retries = 0});
        EXPECT_THAT(co_await refusal(unknown),
                    HasSubstr("CN=test authority, which is not among the trusted ones"));
        const auto plain = hocket::redis::from_url(tls.url("redis"), {.retries = 0});
        EXPECT_NE(co_await refusal(plain), "connected");
    };
    hocket::run(main);
}

TEST(RedisTls, ACertificateOfAnotherAuthorityIsRefused) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls;
    TlsContexts others;
    auto main = [&]() -> Coro<> {
        const std::string error = co_await refusal(Client(tls.options(others.client)));
        EXPECT_THAT(error, HasSubstr("cannot connect to the Redis server at localhost:"));
        EXPECT_THAT(error, HasSubstr("CN=test authority, which is not among the trusted ones"));
    };
    hocket::run(main);
}

TEST(RedisTls, ACertificateForAnotherHostIsRefused) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls("DNS:other.test");
    auto main = [&]() -> Coro<> {
        EXPECT_THAT(co_await refusal(Client(tls.options(tls.client()))),
                    HasSubstr("is for other.test, not for localhost: hostname mismatch"));
        tls.client().set_check_hostname(false);
        EXPECT_EQ(co_await refusal(Client(tls.options(tls.client()))), "connected");
    };
    hocket::run(main);
}

TEST(RedisTls, AServerCanRequireACertificateOfTheClient) {
    SKIP_WITHOUT_REDIS();
    TlsServer tls("DNS:localhost", "yes");
    auto main = [&]() -> Coro<> {
        EXPECT_NE(co_await refusal(Client(tls.options(tls.client()))), "connected");
        tls.tls().show(tls.client(), certificates::make({}, &tls.tls().authority));
        EXPECT_EQ(co_await refusal(Client(tls.options(tls.client()))), "connected");
    };
    hocket::run(main);
}

} // namespace
