// The crawler over TLS: its results, and which certificates it refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <hocket/hocket.hpp>

#include "crawl/crawl_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/web_servers.hpp"
#include "support/certificates.hpp"
#include "support/turns.hpp"

namespace {

using namespace crawl_tests;
using certificates::Identity;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using web::Problem;

/// A file with a certificate followed by its key, the format that nginx, serve and hocket expect.
std::string pem_file(const certificates::Folder& folder, const std::string& name,
                     const Identity& identity) {
    return folder.file(name, certificates::pem_of(identity.certificate) +
                                 certificates::pem_of(identity.key));
}

class HttpsCrawl : public testing::TestWithParam<const char*> {
protected:
    HttpsCrawl() { site_.write("index.html", "two words"); }

    Crawl crawl(const std::string& origin) const {
        return run_crawl(origin, GetParam(), {"--cafile", cafile_});
    }

    /// The crawl's error message for a site with this certificate.
    std::string refusal(const Identity& identity) const {
        const Nginx nginx(site_.path(), pem_file(folder_, "refused.pem", identity));
        const Crawl refused = crawl(nginx.origin());
        EXPECT_EQ(refused.code, 1);
        EXPECT_TRUE(refused.report.pages.empty());
        EXPECT_EQ(problems(refused.report, nginx.origin()),
                  (std::map<std::string, Problem>{{"/", Problem::certificate_refused}}));
        return refused.report.broken.empty() ? "" : refused.report.broken[0].message;
    }

    Identity authority_ = certificates::make_authority();
    certificates::Folder folder_;
    std::string cafile_ =
        folder_.file("authority.pem", certificates::pem_of(authority_.certificate));
    std::string server_pem_ =
        pem_file(folder_, "server.pem", certificates::make_server(authority_));
    TemporaryFolder site_;
};

/// Answers one request over TLS with a page of unknown length, and closes the connection without
/// close_notify, as if a third party had cut it.
class CutOffServer {
public:
    explicit CutOffServer(const std::string& certificate)
        : thread_([this, certificate] { hocket::run(serve(certificate)); }) {}
    ~CutOffServer() { thread_.join(); }
    CutOffServer(const CutOffServer&) = delete;
    CutOffServer& operator=(const CutOffServer&) = delete;

    std::string origin() { return "https://127.0.0.1:" + std::to_string(port_.get_future().get()); }

private:
    hocket::Coro<> serve(std::string certificate) {
        auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
        context.load_cert_chain(certificate);
        hocket::ServerOptions options;
        options.ssl = context;
        hocket::Event served;
        const auto answer = [&served](hocket::StreamReader reader,
                                      hocket::StreamWriter writer) -> hocket::Coro<> {
            co_await reader.readuntil("\r\n\r\n");
            writer.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhalf a page");
            co_await turns(3);
            ::shutdown(writer.socket().fileno(), SHUT_WR);
            served.set();
        };
        auto server = co_await hocket::start_server(answer, "127.0.0.1", 0, options);
        port_.set_value(server.sockets().front().port());
        co_await served.wait();
        server.close();
    }

    std::promise<int> port_;
    std::thread thread_;
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Crawl, HttpsCrawl,
                         testing::Values("sequential", "threads", "coroutines", "processes"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(HttpsCrawl, FindsTheSameAsByHttp) {
    write_site(site_);
    const Nginx plain(site_.path());
    const Nginx secure(site_.path(), server_pem_);
    ServeProgram ours(site_.path(), {"--certificate", server_pem_});
    const Crawl by_http = run_crawl(plain.origin(), GetParam());
    const Crawl by_https = crawl(secure.origin());
    const Crawl by_ours = crawl(ours.origin());
    EXPECT_EQ(by_https.code, 0);
    EXPECT_EQ(by_ours.code, 0);
    EXPECT_EQ(by_https.report.pages.size(), 8u);
    EXPECT_EQ(by_https.report.broken.size(), 3u);
    EXPECT_EQ(ours.origin().substr(0, 8), "https://");

    const auto expected = without_origin(by_http.report, plain.origin());
    EXPECT_THAT(web::differences(expected, without_origin(by_https.report, secure.origin())),
                ElementsAre());
    EXPECT_THAT(web::differences(expected, without_origin(by_ours.report, ours.origin())),
                ElementsAre());
}

TEST_P(HttpsCrawl, TrustsOnlyWhomTheSystemTrustsWithoutACAFile) {
    const Nginx nginx(site_.path(), server_pem_);
    const Crawl refused = run_crawl(nginx.origin(), GetParam());
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(refused.report.pages.empty());
    ASSERT_EQ(refused.report.broken.size(), 1u);
    EXPECT_EQ(refused.report.broken[0].problem, Problem::certificate_refused);
    EXPECT_THAT(refused.report.broken[0].message,
                AllOf(HasSubstr("the certificate of 127.0.0.1 "), HasSubstr("CN=test authority")));
}

TEST_P(HttpsCrawl, SaysWhyACertificateIsRefused) {
    const std::string here = "IP:127.0.0.1";
    EXPECT_THAT(refusal(certificates::make({.hosts = here, .valid_until = -60}, &authority_)),
                HasSubstr(" expired on 20"));
    EXPECT_THAT(refusal(certificates::make({.hosts = "DNS:a.test, IP:127.0.0.2"}, &authority_)),
                HasSubstr(", not for 127.0.0.1"));
    EXPECT_THAT(refusal(certificates::make({.hosts = here})), HasSubstr("is signed by itself"));
}

TEST_P(HttpsCrawl, GoesOnAfterARefusedCertificateOnAnotherPort) {
    const Nginx stranger(site_.path(), pem_file(folder_, "stranger.pem",
                                                certificates::make({.hosts = "IP:127.0.0.1"})));
    TemporaryFolder site;
    site.write("index.html", "<a href='" + stranger.origin() + "/'>away</a><a href=on.html>");
    site.write("on.html", "and on");
    const Nginx nginx(site.path(), server_pem_);
    const Crawl found = crawl(nginx.origin());
    EXPECT_EQ(found.code, 0);
    EXPECT_THAT(page_paths(found.report, nginx.origin()), ElementsAre("/", "/on.html"));
    EXPECT_EQ(problems(found.report, stranger.origin()),
              (std::map<std::string, Problem>{{"/", Problem::certificate_refused}}));
}

TEST_P(HttpsCrawl, SaysThatAServerSpeaksNoTls) {
    const Nginx plain(site_.path());
    const Crawl found = crawl("https://127.0.0.1:" + std::to_string(plain.port()));
    EXPECT_EQ(found.code, 1);
    ASSERT_EQ(found.report.broken.size(), 1u);
    EXPECT_EQ(found.report.broken[0].problem, Problem::tls_failed);
    EXPECT_THAT(found.report.broken[0].message, HasSubstr("does not speak TLS"));
}

TEST_P(HttpsCrawl, TakesNoConnectionThatWasCutForThePagesEnd) {
    CutOffServer server(server_pem_);
    const Crawl found = crawl(server.origin());
    EXPECT_EQ(found.code, 1);
    ASSERT_EQ(found.report.broken.size(), 1u);
    EXPECT_EQ(found.report.broken[0].problem, Problem::cut_off);
    EXPECT_EQ(found.report.broken[0].message, "cut off: TLS ended without a goodbye");
}

TEST_P(HttpsCrawl, NamesABadCAFile) {
    const std::string missing = (folder_.path() / "missing.pem").string();
    RunningProgram program({"/bin/sh", "-c", R"("$0" "$@" 2>&1)", example("crawl"),
                            "https://127.0.0.1/", "--way", GetParam(), "--cafile", missing});
    EXPECT_THAT(program.read_all(), HasSubstr(missing));
    EXPECT_EQ(program.wait(), 1);
}

TEST(HttpsCrawlOptions, AreRefusedWhereTheyMeanNothing) {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"http://h/", "--cafile", "x.pem"},
          {"--demo", "/", "--cafile", "x.pem"}}) {
        std::vector<std::string> arguments{"/bin/sh", "-c", R"("$0" "$@" 2>&1)", example("crawl")};
        arguments.insert(arguments.end(), options.begin(), options.end());
        RunningProgram program(arguments);
        EXPECT_THAT(program.read_all(), HasSubstr("belong"));
        EXPECT_EQ(program.wait(), 2);
    }
}
