#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/start_server.hpp>

#include "support/tls_contexts.hpp"

namespace hocket {
namespace {

using ::testing::HasSubstr;

/// The message of the exception of type E that `call` throws.
template <class E, class Call> std::string complaint(Call call) {
    try {
        call();
    } catch (const E& error) {
        return error.what();
    } catch (const std::exception& error) {
        ADD_FAILURE() << "another exception: " << error.what();
    }
    return "nothing";
}

TEST(SSLContext, OfAClientVerifiesUnlessToldOtherwise) {
    SSLContext context = create_default_context();
    EXPECT_TRUE(context.check_hostname());
    EXPECT_EQ(context.verify_mode(), VerifyMode::CERT_REQUIRED);
    EXPECT_THROW(context.set_verify_mode(VerifyMode::CERT_NONE), ValueError);
    context.set_check_hostname(false);
    context.set_verify_mode(VerifyMode::CERT_NONE);
    EXPECT_EQ(context.verify_mode(), VerifyMode::CERT_NONE);
    context.set_check_hostname(true);
    EXPECT_EQ(context.verify_mode(), VerifyMode::CERT_REQUIRED);
}

TEST(SSLContext, OfAServerAsksForNoCertificateUnlessTold) {
    SSLContext context = create_default_context(Purpose::CLIENT_AUTH);
    EXPECT_FALSE(context.check_hostname());
    EXPECT_EQ(context.verify_mode(), VerifyMode::CERT_NONE);
    context.set_verify_mode(VerifyMode::CERT_OPTIONAL);
    EXPECT_EQ(context.verify_mode(), VerifyMode::CERT_OPTIONAL);
}

TEST(SSLContext, HasPythonsFlags) {
    SSLContext context = create_default_context();
    EXPECT_EQ(context.verify_flags() &
                  (VERIFY_X509_PARTIAL_CHAIN | VERIFY_X509_STRICT | VERIFY_X509_TRUSTED_FIRST),
              VERIFY_X509_PARTIAL_CHAIN | VERIFY_X509_STRICT | VERIFY_X509_TRUSTED_FIRST);
    context.set_verify_flags(VERIFY_CRL_CHECK_LEAF);
    EXPECT_EQ(context.verify_flags(), VERIFY_CRL_CHECK_LEAF);
}

TEST(SSLContext, SpeaksTls12And13) {
    SSLContext context(Purpose::SERVER_AUTH);
    EXPECT_EQ(context.minimum_version(), TLSVersion::TLSv1_2);
    EXPECT_EQ(context.maximum_version(), TLSVersion::TLSv1_3);
    context.set_minimum_version(TLSVersion::TLSv1_3);
    EXPECT_EQ(context.minimum_version(), TLSVersion::TLSv1_3);
    context.set_minimum_version(TLSVersion::TLSv1_2);
    context.set_maximum_version(TLSVersion::TLSv1_2);
    EXPECT_EQ(context.maximum_version(), TLSVersion::TLSv1_2);
}

TEST(SSLContext, CopiesAreTheSameContext) {
    SSLContext context(Purpose::SERVER_AUTH);
    SSLContext copy = context;
    copy.set_check_hostname(false);
    EXPECT_FALSE(context.check_hostname());
}

TEST(SSLContext, TheErrorNamesAFileThatCannotBeRead) {
    SSLContext context(Purpose::CLIENT_AUTH);
    const auto load = [&] { context.load_cert_chain("/nowhere/cert.pem"); };
    EXPECT_THAT(complaint<std::system_error>(load), HasSubstr("/nowhere/cert.pem"));
    EXPECT_THAT(complaint<std::system_error>(load), HasSubstr("No such file"));
    EXPECT_THAT(complaint<std::system_error>(
                    [&] { context.load_verify_locations({.cafile = "/nowhere/ca.pem"}); }),
                HasSubstr("/nowhere/ca.pem"));
    EXPECT_THAT(complaint<std::system_error>([&] { context.set_keylog_filename("/nowhere/keys"); }),
                HasSubstr("open /nowhere/keys"));
}

TEST(SSLContext, SaysWhatIsWrongWithAFile) {
    const certificates::Folder folder;
    SSLContext context(Purpose::CLIENT_AUTH);
    const std::string nonsense = folder.file("nonsense.pem", "nonsense");
    EXPECT_THAT(complaint<SSLError>([&] { context.load_cert_chain(nonsense); }),
                HasSubstr("the certificate in " + nonsense + ": no start line"));
    const auto one = certificates::make({});
    const auto other = certificates::make({});
    const std::string certificate = folder.file("cert.pem", certificates::pem_of(one.certificate));
    const std::string key = folder.file("key.pem", certificates::pem_of(other.key));
    EXPECT_THAT(complaint<SSLError>([&] { context.load_cert_chain(certificate, key); }),
                HasSubstr("the private key in " + key + ": key values mismatch"));
    context.load_cert_chain(certificate, folder.file("right.pem", certificates::pem_of(one.key)));
}

TEST(SSLContext, OpensEncryptedKeysWithTheirPassword) {
    const certificates::Folder folder;
    SSLContext context(Purpose::CLIENT_AUTH);
    const auto identity = certificates::make({});
    const std::string file =
        folder.file("both.pem", certificates::pem_of(identity.certificate) +
                                    certificates::pem_of(identity.key, "open sesame"));
    EXPECT_THROW(context.load_cert_chain(file), SSLError); // does not ask the terminal
    EXPECT_THROW(context.load_cert_chain(file, {}, "open barley"), SSLError);
    context.load_cert_chain(file, {}, "open sesame");
}

TEST(SSLContext, TakesAuthoritiesAsText) {
    SSLContext context(Purpose::SERVER_AUTH);
    const auto one = certificates::make_authority("one");
    const auto two = certificates::make_authority("two");
    context.load_verify_locations(
        {.cadata = "# two authorities\n" + certificates::pem_of(one.certificate) +
                   certificates::pem_of(two.certificate) + "# that is all\n"});
    EXPECT_THROW(context.load_verify_locations({}), ValueError);
    EXPECT_THROW(context.load_verify_locations({.cadata = "nothing of the kind"}), SSLError);
}

TEST(SSLContext, RefusesInvalidNamesAndCiphers) {
    SSLContext context(Purpose::SERVER_AUTH);
    EXPECT_THROW(context.set_alpn_protocols({"h2", ""}), ValueError);
    EXPECT_THROW(context.set_alpn_protocols({std::string(256, 'x')}), ValueError);
    EXPECT_THAT(complaint<SSLError>([&] { context.set_ciphers("NO-SUCH-CIPHER"); }),
                HasSubstr("set_ciphers NO-SUCH-CIPHER: no cipher match"));
    context.set_ciphers("ECDHE+AESGCM");
}

TEST(SSLContext, LogsKeysWhenAsked) {
    TlsContexts contexts;
    const std::string path = contexts.folder.path() / "keys";
    contexts.client.set_keylog_filename(path);
    run([&]() -> Coro<> {
        ServerOptions server_options;
        server_options.ssl = contexts.server;
        Server server = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0, server_options);
        ConnectOptions options;
        options.ssl = contexts.client;
        auto [reader, writer] =
            co_await open_connection("localhost", server.sockets()[0].port(), options);
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_THAT(text.str(), HasSubstr("CLIENT_TRAFFIC_SECRET_0 "));
}

} // namespace
} // namespace hocket
