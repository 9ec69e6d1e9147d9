#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/err.h>

#include "engine/tls_failure.hpp"
#include "support/tls_pair.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Status = TlsSession::Status;

class TlsSessionTest : public ::testing::Test {
protected:
    TlsSessionTest() {
        server_ctx.show(certificates::make_server(authority));
        client_ctx.trust(authority);
    }
    void make_ends(const std::string& host = "example.test") {
        server = std::make_unique<End>(server_ctx.accepting());
        client = std::make_unique<End>(client_ctx.connecting(host));
    }
    void complete_handshake(std::size_t chunk = std::size_t(-1)) {
        make_ends();
        client->take({});
        exchange(*client, *server, chunk);
        ASSERT_TRUE(client->is_open && server->is_open);
    }
    /// The client's error message for a handshake that it breaks off.
    std::string client_refuses(const std::string& host = "example.test") {
        make_ends(host);
        client->take({});
        exchange(*client, *server);
        EXPECT_EQ(client->status, Status::failed);
        EXPECT_FALSE(server->is_open);
        return client->session.failure("127.0.0.1 port 443").message();
    }

    certificates::Identity authority = certificates::make_authority();
    Ctx server_ctx{TLS_server_method()};
    Ctx client_ctx{TLS_client_method()};
    std::unique_ptr<End> server;
    std::unique_ptr<End> client;
};

std::string text(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
    }
    return bytes;
}

TEST_F(TlsSessionTest, CarriesPlaintextBothWays) {
    complete_handshake();
    EXPECT_EQ(client->session.write("ping"), Status::done);
    EXPECT_EQ(client->sent.find("ping"), std::string::npos);
    exchange(*client, *server);
    EXPECT_EQ(server->plaintext, "ping");
    EXPECT_EQ(server->session.write("pong"), Status::done);
    exchange(*client, *server);
    EXPECT_EQ(client->plaintext, "pong");
}

TEST_F(TlsSessionTest, ComesToTheSameHoweverTheRecordsAreCut) {
    const std::string message = text(40'000);
    for (const std::size_t chunk : {1, 2, 4, 5, 6, 7, 100, 1023, 16'384, 16'406}) {
        SCOPED_TRACE(chunk);
        complete_handshake(chunk);
        EXPECT_EQ(client->session.write(message), Status::done);
        EXPECT_EQ(server->session.write(message), Status::done);
        exchange(*client, *server, chunk);
        EXPECT_EQ(client->plaintext, message);
        EXPECT_EQ(server->plaintext, message);
    }
}

TEST_F(TlsSessionTest, SpeaksEitherVersion) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        SSL_CTX_set_min_proto_version(client_ctx.get(), version);
        SSL_CTX_set_max_proto_version(client_ctx.get(), version);
        complete_handshake();
        EXPECT_EQ(SSL_version(server->session.ssl()), version);
    }
}

TEST_F(TlsSessionTest, SpeaksNothingOlderThanTls12) {
    for (Ctx* ctx : {&client_ctx, &server_ctx}) {
        SSL_CTX_set_min_proto_version(ctx->get(), TLS1_VERSION);
        SSL_CTX_set_cipher_list(ctx->get(), "ALL:@SECLEVEL=0");
    }
    SSL_CTX_set_max_proto_version(client_ctx.get(), TLS1_1_VERSION);
    make_ends();
    EXPECT_GE(SSL_get_min_proto_version(server->session.ssl()), TLS1_2_VERSION);
    client->take({});
    EXPECT_EQ(client->status, Status::failed); // no version is left that it could offer
    EXPECT_FALSE(client->is_open);
}

TEST_F(TlsSessionTest, TellsAGoodbyeFromABareEnd) {
    complete_handshake();
    server->session.close_notify();
    exchange(*client, *server);
    EXPECT_EQ(client->status, Status::closed);
    EXPECT_TRUE(client->session.has_received_close_notify());

    complete_handshake();
    client->session.feed_eof();
    client->take({});
    EXPECT_EQ(client->status, Status::failed);
    EXPECT_EQ(client->session.error(), unexpected_tls_eof());
    EXPECT_FALSE(client->session.has_received_close_notify());
}

TEST_F(TlsSessionTest, AnEndInTheMiddleOfARecordIsABareEnd) {
    complete_handshake();
    ASSERT_EQ(server->session.write("cut short"), Status::done);
    client->take(std::string_view(server->sent).substr(0, server->sent.size() - 1));
    client->session.feed_eof();
    client->take({});
    EXPECT_EQ(client->session.error(), unexpected_tls_eof());
    EXPECT_EQ(client->plaintext, "");
}

TEST_F(TlsSessionTest, AnEndInTheHandshakeIsAResetConnection) {
    make_ends();
    client->take({});
    client->session.feed_eof();
    client->take({});
    EXPECT_EQ(client->status, Status::failed);
    const Failure failure = client->session.failure("127.0.0.1 port 443");
    EXPECT_EQ(failure.code, std::errc::connection_reset);
    EXPECT_THAT(failure.what, HasSubstr("handshake with example.test (127.0.0.1 port 443)"));
}

TEST_F(TlsSessionTest, WritesOnAfterThePeersGoodbye) {
    complete_handshake();
    server->session.close_notify();
    exchange(*client, *server);
    EXPECT_EQ(client->session.write("still here"), Status::done);
    exchange(*client, *server);
    EXPECT_EQ(server->plaintext, "still here");
}

TEST_F(TlsSessionTest, RefusesToRenegotiate) {
    SSL_CTX_set_max_proto_version(client_ctx.get(), TLS1_2_VERSION);
    complete_handshake();
    // The session would not let its own side do this either, so use OpenSSL directly to act as the
    // peer.
    SSL_clear_options(client->session.ssl(), SSL_OP_NO_RENEGOTIATION);
    ASSERT_EQ(SSL_renegotiate(client->session.ssl()), 1);
    ASSERT_LE(SSL_do_handshake(client->session.ssl()), 0);
    ASSERT_FALSE(client->sent.empty());
    server->take(std::exchange(client->sent, {}));
    client->take(std::exchange(server->sent, {}));
    EXPECT_EQ(client->status, Status::failed);
    EXPECT_THAT(client->session.error().message(), HasSubstr("no renegotiation"));
}

TEST_F(TlsSessionTest, ReportsThatPlainTextIsNotTls) {
    make_ends();
    server->take("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(server->status, Status::failed);
    EXPECT_THAT(server->session.failure("127.0.0.1 port 5").message(),
                HasSubstr("127.0.0.1 port 5, which does not speak TLS here"));
    make_ends();
    client->take({});
    client->take("220 mail.test ESMTP\r\n");
    EXPECT_EQ(client->status, Status::failed);
    EXPECT_THAT(client->session.failure("127.0.0.1 port 5").message(),
                HasSubstr("which does not speak TLS here"));
}

TEST_F(TlsSessionTest, ARecordThatWasTamperedWithBreaksIt) {
    complete_handshake();
    ASSERT_EQ(client->session.write("pay 1"), Status::done);
    client->sent.back() = static_cast<char>(client->sent.back() ^ 1);
    exchange(*client, *server);
    EXPECT_EQ(server->status, Status::failed);
    EXPECT_EQ(server->plaintext, "");
    EXPECT_EQ(server->session.error().category(), tls_category());
    EXPECT_EQ(server->session.write("more"), Status::failed);
    EXPECT_EQ(server->session.read({}).status, Status::failed);
}

TEST_F(TlsSessionTest, IgnoresErrorsThatOtherCodeLeftInTheQueue) {
    complete_handshake();
    ERR_raise(ERR_LIB_X509, X509_R_CERT_ALREADY_IN_HASH_TABLE);
    ASSERT_EQ(client->session.write("ping"), Status::done);
    ERR_raise(ERR_LIB_X509, X509_R_CERT_ALREADY_IN_HASH_TABLE);
    exchange(*client, *server);
    EXPECT_EQ(server->plaintext, "ping");
    EXPECT_EQ(server->status, Status::done);
    EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(TlsSessionTest, TheSslMayOutliveIt) {
    complete_handshake();
    SSL* const ssl = client->session.ssl();
    ASSERT_EQ(SSL_up_ref(ssl), 1);
    const SslPointer kept(ssl);
    client.reset();
    EXPECT_STREQ(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "example.test");
    char byte = 0;
    EXPECT_LE(SSL_read(ssl, &byte, 1), 0);
    EXPECT_LE(SSL_write(ssl, "x", 1), 0);
    ERR_clear_error();
}

int refuse_all(int, X509_STORE_CTX* context) {
    X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

TEST_F(TlsSessionTest, AsksTheCallbackThatTheSslCameWith) {
    SSL_CTX_set_verify(client_ctx.get(), SSL_VERIFY_PEER, &refuse_all);
    EXPECT_THAT(client_refuses(), HasSubstr("application verification failure"));
}

// -- certificates ---------------------------------------------------------------------------------

TEST_F(TlsSessionTest, SaysWhenACertificateExpired) {
    server_ctx.show(certificates::make({.common_name = "example.test",
                                        .hosts = "DNS:example.test",
                                        .valid_from = -7200,
                                        .valid_until = -3600},
                                       &authority));
    const std::string message = client_refuses();
    EXPECT_THAT(message,
                StartsWith("the certificate of example.test (127.0.0.1 port 443) expired on 20"));
    EXPECT_THAT(message, HasSubstr(" UTC (it is CN=example.test, issued by CN=test authority): "
                                   "certificate has expired"));
    EXPECT_EQ(client->session.error(),
              std::error_code(X509_V_ERR_CERT_HAS_EXPIRED, tls_verify_category()));
    EXPECT_EQ(server->status, Status::failed);
    EXPECT_THAT(server->session.error().message(), HasSubstr("alert certificate expired"));
}

TEST_F(TlsSessionTest, SaysWhenACertificateWillBeValid) {
    server_ctx.show(certificates::make(
        {.common_name = "example.test", .hosts = "DNS:example.test", .valid_from = 3600},
        &authority));
    EXPECT_THAT(client_refuses(), HasSubstr(" is not valid before 20"));
}

TEST_F(TlsSessionTest, TheErrorNamesTheHostsOfACertificate) {
    server_ctx.show(certificates::make(
        {.common_name = "a.test", .hosts = "DNS:a.test, DNS:b.test, IP:10.1.2.3"}, &authority));
    EXPECT_THAT(client_refuses("c.test"),
                HasSubstr("the certificate of c.test (127.0.0.1 port 443) is for a.test, b.test, "
                          "10.1.2.3, not for c.test: hostname mismatch"));
}

TEST_F(TlsSessionTest, SaysThatACertificateIsSignedByItself) {
    server_ctx.show(
        certificates::make({.common_name = "example.test", .hosts = "DNS:example.test"}));
    EXPECT_THAT(client_refuses(),
                HasSubstr("is signed by itself and is not among the trusted ones"));
}

TEST_F(TlsSessionTest, TheErrorNamesAMissingIssuer) {
    const auto middle = certificates::make_authority("middle", &authority);
    server_ctx.show(certificates::make_server(middle));
    EXPECT_THAT(client_refuses(), HasSubstr("was issued by CN=middle, whose certificate was not "
                                            "sent along and is not among the trusted ones"));
}

TEST_F(TlsSessionTest, TheErrorNamesAnUntrustedAuthority) {
    const auto other = certificates::make_authority("somebody else");
    server_ctx.show(certificates::make_server(other));
    SSL_CTX_add1_chain_cert(server_ctx.get(), other.certificate.get());
    EXPECT_THAT(
        client_refuses(),
        HasSubstr("depends on that of CN=somebody else, which is not among the trusted ones"));
}

TEST_F(TlsSessionTest, TakesAChainInAnyOrder) {
    const auto upper = certificates::make_authority("upper", &authority);
    const auto lower = certificates::make_authority("lower", &upper);
    server_ctx.show(certificates::make_server(lower));
    SSL_CTX_add1_chain_cert(server_ctx.get(), upper.certificate.get());
    SSL_CTX_add1_chain_cert(server_ctx.get(), lower.certificate.get());
    complete_handshake();
}

TEST_F(TlsSessionTest, SaysThatACertificateWasRevoked) {
    const auto identity = certificates::make_server(authority);
    server_ctx.show(identity);
    const std::string pem = certificates::revocation_list(authority, identity);
    BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509_CRL* const list = PEM_read_bio_X509_CRL(in, nullptr, nullptr, nullptr);
    X509_STORE* const store = SSL_CTX_get_cert_store(client_ctx.get());
    X509_STORE_add_crl(store, list);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    X509_CRL_free(list);
    BIO_free(in);
    EXPECT_THAT(client_refuses(), HasSubstr("has been revoked (it is CN=example.test"));
}

TEST_F(TlsSessionTest, SaysThatTheClientHasShownNoCertificate) {
    SSL_CTX_set_verify(server_ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
    make_ends();
    client->take({});
    exchange(*client, *server);
    EXPECT_EQ(server->status, Status::failed);
    EXPECT_THAT(server->session.failure("127.0.0.1 port 9").message(),
                HasSubstr("127.0.0.1 port 9, which sent no certificate"));
}

} // namespace
} // namespace hocket::engine
