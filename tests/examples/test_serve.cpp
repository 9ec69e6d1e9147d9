// Runs the demo's web server as a program, and tests it at the level of bytes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crawl/client_socket.hpp"
#include "crawl/temporary_folder.hpp"
#include "crawl/web_servers.hpp"
#include "support/certificates.hpp"

namespace {

using namespace crawl_tests;
using testing::HasSubstr;
using testing::StartsWith;

class Serve : public testing::Test {
protected:
    Serve() {
        folder_.write("index.html", "<p>welcome");
        folder_.write("a b.txt", "blank");
        folder_.write("empty.txt", "");
        folder_.write("sub/index.html", "sub");
        folder_.write("plain/x.txt", "x");
        large_.resize(3'000'000);
        for (std::size_t i = 0; i < large_.size(); ++i)
            large_[i] = static_cast<char>('a' + i * 7 % 26);
        folder_.write("large.bin", large_);
        serve_.emplace(folder_.path().string(), std::vector<std::string>{"--idle-timeout", "2"});
    }

    /// Sends a request that ends the connection, and returns all bytes received.
    std::string exchange(const std::string& bytes) const {
        const ClientSocket client(serve_->port());
        client.send(bytes);
        return client.receive_all();
    }

    std::string request(const std::string& target, const std::string& method = "GET",
                        const std::string& fields = "") const {
        return exchange(method + " " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" +
                        fields + "\r\n");
    }

    static std::string body_of(const std::string& response) {
        return response.substr(response.find("\r\n\r\n") + 4);
    }

    /// Takes the first of several responses, and returns its body.
    static std::string_view take_body(std::string_view& responses) {
        constexpr std::string_view field = "\r\nContent-Length: ";
        const auto body = responses.find("\r\n\r\n") + 4;
        const auto length = responses.substr(0, body).find(field);
        if (length == responses.npos) return "no Content-Length";
        const auto size = std::strtoul(responses.data() + length + field.size(), nullptr, 10);
        const std::string_view content = responses.substr(body, size);
        responses.remove_prefix(body + content.size());
        return content;
    }

    TemporaryFolder folder_;
    std::string large_;
    std::optional<ServeProgram> serve_;
};

} // namespace

TEST_F(Serve, AnswersGetWithTheFile) {
    const std::string response = request("/index.html");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nContent-Length: 10\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nLast-Modified: "));
    EXPECT_THAT(response, HasSubstr("\r\nDate: "));
    EXPECT_EQ(body_of(response), "<p>welcome");
}

TEST_F(Serve, AnswersHeadWithTheHeadAlone) {
    for (const char* target : {"/index.html", "/large.bin", "/missing"})
        EXPECT_EQ(body_of(request(target, "HEAD")), "") << target;
    EXPECT_THAT(request("/index.html", "HEAD"), HasSubstr("\r\nContent-Length: 10\r\n"));
}

TEST_F(Serve, AnswersTheSameTheSecondTime) {
    const std::string first = request("/index.html");
    EXPECT_EQ(body_of(request("/index.html")), body_of(first));
    EXPECT_EQ(body_of(request("/index.html?query")), body_of(first));
}

TEST_F(Serve, SendsAnEmptyFile) {
    EXPECT_THAT(request("/empty.txt"), HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST_F(Serve, DecodesEscapes) {
    EXPECT_EQ(body_of(request("/a%20b.txt")), "blank");
    EXPECT_THAT(request("/%zz"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(request("/a%00b"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(Serve, ServesTheIndexOfAFolder) {
    EXPECT_EQ(body_of(request("/")), "<p>welcome");
    EXPECT_EQ(body_of(request("/sub/")), "sub");
    EXPECT_EQ(body_of(request("http://h/sub/")), "sub");
    const std::string redirect = request("/sub?x");
    EXPECT_THAT(redirect, StartsWith("HTTP/1.1 301 "));
    EXPECT_THAT(redirect, HasSubstr("\r\nLocation: /sub/?x\r\n"));
    EXPECT_THAT(request("/plain/"), StartsWith("HTTP/1.1 403 "));
}

TEST_F(Serve, NeverRedirectsToAnotherHost) {
    EXPECT_THAT(request("//sub"), HasSubstr("\r\nLocation: /sub/\r\n"));
}

TEST_F(Serve, NeverLeavesItsFolder) {
    for (const char* target :
         {"/../x", "/sub/../../x", "/%2e%2e/x", "/..%2fx", "/sub/..", "/%2E./etc/passwd"})
        EXPECT_THAT(request(target), StartsWith("HTTP/1.1 403 ")) << target;
}

TEST_F(Serve, SaysWhatIsNotThere) {
    EXPECT_THAT(request("/missing"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_THAT(request("/index.html/"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(Serve, RefusesOtherMethods) {
    EXPECT_THAT(request("/", "POST"), StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(request("/", "POST"), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    EXPECT_THAT(request("/", "BREW"), StartsWith("HTTP/1.1 501 "));
}

TEST_F(Serve, AnswersARequestWithABodyAndCloses) {
    const std::string response =
        exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
                 std::string(100'000, 'x'));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(Serve, RefusesWhatIsNotHttp) {
    EXPECT_THAT(exchange("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(exchange("GET / HTTP/3.0\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
}

TEST_F(Serve, RefusesHeadsThatAreTooLarge) {
    EXPECT_THAT(exchange("GET /" + std::string(100'000, 'a')), StartsWith("HTTP/1.1 414 "));
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'a')),
                StartsWith("HTTP/1.1 431 "));
}

TEST_F(Serve, AnswersPipelinedRequestsInOrder) {
    const std::string keep = " HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string bytes;
    for (int i = 0; i < 300; ++i) bytes += "GET " + std::string(i % 3 ? "/" : "/sub/") + keep;
    const std::string all =
        exchange(bytes + "GET /missing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    std::string_view rest = all;
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(take_body(rest), i % 3 ? "<p>welcome" : "sub");
    }
    EXPECT_TRUE(rest.starts_with("HTTP/1.1 404 "));
}

TEST_F(Serve, AnswersARequestThatComesByteByByte) {
    const ClientSocket client(serve_->port());
    const std::string text = "GET /sub/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    for (const char c : text) client.send({&c, 1});
    EXPECT_EQ(body_of(client.receive_all()), "sub");
}

TEST_F(Serve, SpeaksHttp10) {
    EXPECT_THAT(exchange("GET / HTTP/1.0\r\n\r\n"), HasSubstr("\r\nConnection: close\r\n"));
    const ClientSocket client(serve_->port());
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.receive(), HasSubstr("\r\nConnection: keep-alive\r\n"));
    client.send("GET /sub/ HTTP/1.0\r\n\r\n");
    EXPECT_EQ(body_of(client.receive_all()), "sub");
}

TEST_F(Serve, SendsLargeFilesWhole) { EXPECT_EQ(body_of(request("/large.bin")), large_); }

TEST_F(Serve, SendsNothingThatHasNotChangedSince) {
    const auto head = request("/index.html", "HEAD");
    const std::string name = "\r\nLast-Modified: ";
    const std::string date = head.substr(head.find(name) + name.size(), 29);
    const std::string response =
        request("/index.html", "GET", "If-Modified-Since: " + date + "\r\n");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_EQ(body_of(response), "");
    EXPECT_THAT(
        request("/index.html", "GET", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
        StartsWith("HTTP/1.1 200 "));
}

TEST_F(Serve, NoticesThatAFileHasChanged) {
    EXPECT_EQ(body_of(request("/index.html")), "<p>welcome");
    folder_.write("index.html", "<p>something longer");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string body;
    while (body != "<p>something longer" && std::chrono::steady_clock::now() < deadline)
        body = body_of(request("/index.html"));
    EXPECT_EQ(body, "<p>something longer");
}

TEST_F(Serve, ClosesConnectionsThatStaySilent) {
    const ClientSocket client(serve_->port());
    EXPECT_EQ(client.receive(), "");
}

TEST_F(Serve, AnswersAClientThatHasShutDownItsSide) {
    const ClientSocket client(serve_->port());
    client.send("GET /sub/ HTTP/1.1\r\nHost: h\r\n\r\n");
    client.shut_down_writing();
    EXPECT_EQ(body_of(client.receive_all()), "sub");
}

TEST_F(Serve, RefusesAHeadThatIsTooLargeBeforeItsEnd) {
    for (const std::string& too_large :
         {"GET /" + std::string(9'000, 'x'),
          "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(17'000, 'x')}) {
        const ClientSocket client(serve_->port());
        client.send(too_large);
        EXPECT_THAT(client.receive_all(),
                    testing::AnyOf(StartsWith("HTTP/1.1 414 "), StartsWith("HTTP/1.1 431 ")));
    }
}

TEST(ServeSlowly, ClosesAConnectionWhoseHeadNeverEnds) {
    TemporaryFolder folder;
    folder.write("index.html", "<p>welcome");
    ServeProgram serve(folder.path(), {"--head-timeout", "1", "--idle-timeout", "3600"});
    const ClientSocket client(serve.port());
    client.send("GET / HTTP/1.1\r\nX: ");
    // Send as slowly as the server tolerates, until the server or the test's own limit ends it.
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!client.has_news_within(std::chrono::milliseconds(100)) &&
           std::chrono::steady_clock::now() < limit)
        client.send("x");
    EXPECT_LT(std::chrono::steady_clock::now(), limit);
    EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(Serve, StopsOnSigtermThoughClientsAreConnected) {
    const ClientSocket idle(serve_->port());
    idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(idle.receive(), StartsWith("HTTP/1.1 200 "));
    serve_->program().send_signal(SIGTERM);
    EXPECT_EQ(serve_->program().read_all(), "");
    EXPECT_EQ(serve_->program().wait(), 0);
    EXPECT_EQ(idle.receive(), "");
}

TEST(ServeStop, FinishesTheAnswerThatIsUnderWay) {
    TemporaryFolder folder;
    const std::string content(30'000'000, 'x');
    folder.write("large.bin", content);
    ServeProgram serve(folder.path());
    const ClientSocket client(serve.port());
    client.send("GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\n");
    std::string answer = client.receive();
    serve.program().send_signal(SIGINT);
    answer += client.receive_all();
    EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, content.size());
    serve.program().read_all();
    EXPECT_EQ(serve.program().wait(), 0);
}

TEST(ServeOptions, AreExplainedWhenTheyAreWrong) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{},
                                                    {"/no/such/folder"},
                                                    {".", "--port", "70000"},
                                                    {".", "--delay", "soon"},
                                                    {".", "--nonsense"}}) {
        std::vector<std::string> arguments{example("serve")};
        arguments.insert(arguments.end(), options.begin(), options.end());
        RunningProgram program(arguments);
        program.read_all();
        EXPECT_EQ(program.wait(), 2);
    }
}

TEST_F(Serve, SpeaksTlsWithACertificate) {
    const auto authority = certificates::make_authority();
    const auto server = certificates::make_server(authority);
    const certificates::Folder pem;
    const std::string cacert = pem.file("ca.pem", certificates::pem_of(authority.certificate));
    const std::string certificate =
        pem.file("server.pem", certificates::pem_of(server.certificate));
    ServeProgram secure(folder_.path().string(),
                        {"--certificate", certificate, "--key",
                         pem.file("key.pem", certificates::pem_of(server.key))});
    const auto curl = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"/usr/bin/curl", "--silent"});
        return arguments;
    };
    ASSERT_TRUE(secure.origin().starts_with("https://"));
    // Request a large file and then, over the same connection, a file that ends it.
    RunningProgram trusting(
        curl({"--cacert", cacert, secure.origin() + "/large.bin", "--next", "--silent", "--cacert",
              cacert, "--header", "Connection: close", secure.origin() + "/index.html"}));
    EXPECT_EQ(trusting.read_all(), large_ + "<p>welcome");
    EXPECT_EQ(trusting.wait(), 0);

    RunningProgram distrusting(curl({secure.origin() + "/index.html"}));
    EXPECT_EQ(distrusting.read_all(), "");
    EXPECT_EQ(distrusting.wait(), 60); // "peer certificate cannot be authenticated"

    secure.program().send_signal(SIGTERM);
    EXPECT_EQ(secure.program().wait(), 0);
}
