// The client's TLS, HTTP/2, proxies and Unix sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <sys/socket.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "crawl/web_servers.hpp"
#include "http/http_peers.hpp"
#include "support/tls_contexts.hpp"
#include "support/turns.hpp"

using hocket::Coro;
using hocket::run;
using hocket::StreamReader;
using hocket::StreamWriter;
using http_tests::ok;
using http_tests::PythonPeer;
using http_tests::ScriptedServer;
using testing::HasSubstr;
namespace http = hocket::http;

namespace {

TEST(HttpClientTls, AContextDecidesWhomToTrust) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        PythonPeer peer("http_peer.py",
                        {contexts.pem_file(certificates::make_server(contexts.authority))});
        const std::string url = peer.url("/echo", "https");
        {
            http::Session session({.verify = contexts.client});
            EXPECT_EQ((co_await session.get(url)).status_code(), 200);
        }
        {
            http::Session session; // trusts the system's authorities
            try {
                co_await session.get(url);
                ADD_FAILURE();
            } catch (const http::CertificateError& error) {
                EXPECT_THAT(error.what(), HasSubstr("the certificate of 127.0.0.1 was issued by "));
            }
        }
        {
            http::Session session({.verify = false});
            EXPECT_EQ((co_await session.get(url)).status_code(), 200);
        }
    });
}

TEST(HttpClientTls, TheCertificateMustMatchTheHost) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        const auto other = certificates::make({.common_name = "other", .hosts = "DNS:other.test"},
                                              &contexts.authority);
        PythonPeer peer("http_peer.py", {contexts.pem_file(other)});
        const std::string url = peer.url("/echo", "https");
        http::Session session({.verify = contexts.client});
        try {
            co_await session.get(url);
            ADD_FAILURE();
        } catch (const http::CertificateError& error) {
            EXPECT_THAT(error.what(), HasSubstr("the certificate of 127.0.0.1 is for other.test, "
                                                "not for 127.0.0.1"));
        }
        contexts.client.set_check_hostname(false);
        http::Session careless({.verify = contexts.client});
        EXPECT_EQ((co_await careless.get(url)).status_code(), 200);
    });
}

TEST(HttpClientTls, AServerWithoutTlsIsNamed) {
    run([]() -> Coro<> {
        const auto server =
            co_await ScriptedServer::start([](StreamReader, StreamWriter writer) -> Coro<> {
                writer.write(ok("no TLS"));
                co_return;
            });
        http::Session session;
        try {
            co_await session.get("https" + server->url().substr(4));
            ADD_FAILURE();
        } catch (const http::TLSError& error) {
            EXPECT_THAT(error.what(), HasSubstr("127.0.0.1, which does not speak TLS here: "));
        }
    });
}

TEST(HttpClientTls, AConnectionThatIsCutIsNotTheEndOfABody) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        hocket::ServerOptions options;
        options.ssl = contexts.server;
        bool says_goodbye = false;
        const auto server = co_await ScriptedServer::start(
            [&](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write("HTTP/1.1 200 OK\r\n\r\nof any length");
                co_await turns(3);
                if (says_goodbye) co_return;
                ::shutdown(writer.socket().fileno(), SHUT_WR);
                co_await reader.read();
            },
            options);
        const std::string url = "https" + server->url().substr(4);
        http::Session session({.verify = contexts.client});
        try {
            co_await session.get(url);
            ADD_FAILURE();
        } catch (const http::IncompleteResponse& error) {
            EXPECT_THAT(error.what(), HasSubstr("ended without close_notify"));
            EXPECT_EQ(error.received(), 13u);
            EXPECT_EQ(error.expected(), std::nullopt);
        }
        says_goodbye = true;
        EXPECT_EQ((co_await session.get(url)).text(), "of any length");
    });
}

TEST(HttpClientTls, AClientShowsTheContextsCertificate) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        contexts.server.load_verify_locations({.cadata = contexts.authority_pem()});
        contexts.server.set_verify_mode(hocket::VerifyMode::CERT_REQUIRED);
        hocket::ServerOptions options;
        options.ssl = contexts.server;
        const auto server = co_await ScriptedServer::start(
            [](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write(ok("known"));
            },
            options);
        const std::string url = "https" + server->url().substr(4);
        http::Session stranger({.verify = contexts.client});
        EXPECT_THROW(co_await stranger.get(url), http::TransportError);
        contexts.show(contexts.client, certificates::make_server(contexts.authority));
        http::Session known({.verify = contexts.client});
        EXPECT_EQ((co_await known.get(url)).text(), "known");
    });
}

TEST(HttpClientTls, Http2IsChosenWithTheServer) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        const crawl_tests::TemporaryFolder folder;
        std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
        folder.write("page.txt", "from nginx");
        const crawl_tests::Nginx nginx(
            folder.path().string(),
            contexts.pem_file(certificates::make_server(contexts.authority)), "http2");
        const std::string url = nginx.origin() + "/page.txt";
        http::Session session({.verify = contexts.client, .version = http::Version::http2});
        const auto response = co_await session.get(url);
        EXPECT_EQ(response.http_version(), "HTTP/2");
        EXPECT_EQ(response.text(), "from nginx");
        std::vector<Coro<http::ClientResponse>> requests;
        for (int i = 0; i < 50; ++i) requests.push_back(session.get(url));
        for (const auto& each : co_await hocket::gather(std::move(requests))) {
            EXPECT_EQ(each.text(), "from nginx");
        }
        http::Session old({.verify = contexts.client});
        EXPECT_EQ((co_await old.get(url)).http_version(), "HTTP/1.1");
    });
}

TEST(HttpClientTls, AProxyGetsTheWholeUrl) {
    run([]() -> Coro<> {
        const auto proxy =
            co_await ScriptedServer::start([](StreamReader reader, StreamWriter writer) -> Coro<> {
                writer.write(ok(co_await reader.readuntil("\r\n\r\n")));
            });
        http::Session session({.proxy = proxy->url()});
        const auto response = co_await session.get("http://example.invalid/path");
        EXPECT_THAT(response.text(),
                    testing::StartsWith("GET http://example.invalid/path HTTP/1.1"));
        http::Session broken({.proxy = "http://no-such-proxy.invalid:1"});
        EXPECT_THROW(co_await broken.get("http://example.invalid/"), http::ProxyError);
    });
}

TEST(HttpClientTls, AUnixSocketReplacesTheHost) {
    run([]() -> Coro<> {
        const crawl_tests::TemporaryFolder folder;
        const std::string path = (folder.path() / "socket").string();
        auto handler = [](StreamReader reader, StreamWriter writer) -> Coro<> {
            co_await reader.readuntil("\r\n\r\n");
            writer.write(ok("unix"));
        };
        Coro<hocket::Server> starting = hocket::start_unix_server(handler, path);
        auto server = co_await std::move(starting);
        http::Session session({.uds = path});
        EXPECT_EQ((co_await session.get("http://any.invalid/")).text(), "unix");
        server.close();
    });
}

TEST(HttpClientTls, SecretsStayWithTheFirstServer) {
    run([]() -> Coro<> {
        std::string seen;
        const auto other = co_await ScriptedServer::start(
            [&seen](StreamReader reader, StreamWriter writer) -> Coro<> {
                seen = co_await reader.readuntil("\r\n\r\n");
                writer.write(ok("other"));
            });
        const std::string target = other->url();
        const ScriptedServer::Handler redirect = [target](StreamReader reader,
                                                          StreamWriter writer) -> Coro<> {
            co_await reader.readuntil("\r\n\r\n");
            writer.write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target +
                         "\r\n\r\n");
        };
        const auto first = co_await ScriptedServer::start(redirect);
        const http::Headers common{{"Authorization", "Bearer one"}, {"X-Kept", "1"}};
        http::Session session({.headers = common, .follow_redirects = true});
        const http::Headers own{{"Cookie", "a=b"}};
        EXPECT_EQ((co_await session.get(first->url(), {.headers = own})).text(), "other");
        EXPECT_THAT(seen, HasSubstr("X-Kept: 1"));
        EXPECT_THAT(seen, testing::Not(HasSubstr("Bearer")));
        EXPECT_THAT(seen, testing::Not(HasSubstr("Cookie")));
        EXPECT_EQ((co_await session.get(first->url(), {.auth = http::BasicAuth("u", "p")})).text(),
                  "other");
        EXPECT_THAT(seen, testing::Not(HasSubstr("Authorization")));
    });
}

} // namespace
