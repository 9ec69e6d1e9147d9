#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crawl/running_program.hpp"
#include "support/certificates.hpp"

namespace {

using crawl_tests::RunningProgram;
using testing::HasSubstr;

TEST(TlsEcho, ItsTwoEndsTalkWithEachOther) {
    const certificates::Folder folder;
    const auto identity =
        certificates::make({.common_name = "localhost", .hosts = "DNS:localhost"});
    const std::string certificate =
        folder.file("cert.pem", certificates::pem_of(identity.certificate));
    const std::string key = folder.file("key.pem", certificates::pem_of(identity.key));

    RunningProgram server({crawl_tests::example("tls_echo_server"), certificate, key, "0"});
    std::smatch port;
    const std::string line = server.read_line();
    ASSERT_TRUE(std::regex_match(line, port, std::regex("serving on localhost:([0-9]+)"))) << line;

    RunningProgram client(
        {crawl_tests::example("tls_echo_client"), "localhost", port[1], "hello", certificate});
    EXPECT_EQ(client.read_all(), "TLSv1.3, CN=localhost\nhello\n");
    EXPECT_EQ(client.wait(), 0);
    EXPECT_EQ(server.read_line(), "a client speaks TLSv1.3");

    RunningProgram stranger(
        {crawl_tests::example("tls_echo_client"), "localhost", port[1], "hello"});
    EXPECT_THAT(
        stranger.read_all(),
        HasSubstr("is signed by itself and is not among the trusted ones (it is CN=localhost, "
                  "issued by CN=localhost): self-signed certificate"));
    EXPECT_EQ(stranger.wait(), 1);
}

} // namespace
