#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include <sys/stat.h>

#include <hocket/http.hpp>

#include "http/http_server.hpp"
#include "support/temporary_folder.hpp"

using namespace http_tests;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

class HttpStaticFiles : public testing::Test {
protected:
    HttpStaticFiles() {
        write("public/ten.txt", "0123456789");
        write("public/index.html", "<p>root");
        write("public/sub/index.html", "<p>sub");
        write("public/sub/a b.css", "css");
        write("public/bare/x", "x");
        write("secret.txt", "secret");
        large_.resize(1'000'000);
        for (std::size_t i = 0; i < large_.size(); ++i) {
            large_[i] = static_cast<char>('a' + i * 7 % 26);
        }
        write("public/large.bin", large_);
        std::filesystem::create_symlink("ten.txt", path("public/inside"));
        std::filesystem::create_symlink("../secret.txt", path("public/outside"));
        std::filesystem::create_symlink(path("public/ten.txt"), path("public/absolute"));
        std::filesystem::create_directory_symlink("..", path("public/up"));
        ::mkfifo(path("public/fifo").c_str(), 0600);
        start();
    }

    void start(http::StaticFilesOptions options = {}) {
        http::Router router;
        router.get("/{path:path}", http::StaticFiles(path("public"), options));
        server_.emplace(router);
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, const std::string& content) const {
        const std::filesystem::path file = path(name);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
    }
    [[nodiscard]] std::string get(const std::string& target, const std::string& fields = "") const {
        return server_->request("GET " + target, fields);
    }
    /// The value of a field of the response to HEAD.
    [[nodiscard]] std::string field(const std::string& target, const std::string& name) const {
        const std::string head = server_->request("HEAD " + target);
        const std::size_t at = head.find("\r\n" + name + ": ");
        if (at == std::string::npos) return "none";
        const std::size_t begin = at + name.size() + 4;
        return head.substr(begin, head.find('\r', begin) - begin);
    }

    TemporaryFolder folder_;
    std::string large_;
    std::optional<RunningServer> server_;
};

} // namespace

TEST_F(HttpStaticFiles, AreSentWithTheirTypeAndVersion) {
    for (int i = 0; i < 2; ++i) { // from the disk, from memory
        EXPECT_THAT(get("/ten.txt"),
                    AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nContent-Type: text/plain"),
                          HasSubstr("\r\nContent-Length: 10\r\n"), HasSubstr("\r\nETag: \""),
                          HasSubstr("\r\nLast-Modified: "),
                          HasSubstr("\r\nAccept-Ranges: bytes\r\n"),
                          EndsWith("\r\n\r\n0123456789")));
        EXPECT_EQ(body_of(get("/")), "<p>root");
        EXPECT_EQ(body_of(get("/sub/")), "<p>sub");
        EXPECT_EQ(body_of(get("/sub/a%20b.css?x")), "css");
        EXPECT_EQ(body_of(get("/large.bin")), large_);
        EXPECT_EQ(body_of(server_->request("HEAD /large.bin")), "");
    }
}

TEST_F(HttpStaticFiles, NeverLeaveTheirFolder) {
    for (const char* target :
         {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
          "/sub/..", "/outside", "/up/secret.txt", "/absolute"}) {
        EXPECT_EQ(status_of(get(target)), "403") << target;
    }
    EXPECT_EQ(status_of(get("//etc/passwd")), "404");
    EXPECT_EQ(status_of(get("/%2fetc/passwd")), "404");
    EXPECT_EQ(status_of(get("/ten.txt%00")), "400");
    EXPECT_EQ(status_of(get("/fifo")), "403");
    EXPECT_EQ(status_of(get("/bare/")), "403");
    EXPECT_EQ(status_of(get("/nothing")), "404");
    EXPECT_EQ(status_of(get("/ten.txt/")), "404");
}

TEST_F(HttpStaticFiles, FollowLinksAsTheOptionsSay) {
    EXPECT_EQ(body_of(get("/inside")), "0123456789");
    start({.symlinks = http::Symlinks::refuse});
    EXPECT_EQ(status_of(get("/inside")), "403");
    EXPECT_EQ(body_of(get("/ten.txt")), "0123456789");
    start({.symlinks = http::Symlinks::follow});
    EXPECT_EQ(body_of(get("/outside")), "secret");
    EXPECT_EQ(body_of(get("/up/secret.txt")), "secret");
}

TEST_F(HttpStaticFiles, RedirectFoldersToTheirSlashOnTheSameHost) {
    EXPECT_THAT(get("/sub?x=1"),
                AllOf(StartsWith("HTTP/1.1 301 "), HasSubstr("\r\nLocation: /sub/?x=1\r\n")));
    EXPECT_THAT(get("//sub"), HasSubstr("\r\nLocation: /sub/\r\n"));
}

TEST_F(HttpStaticFiles, SendRanges) {
    const auto range = [&](const std::string& value, const std::string& more = "") {
        return get("/ten.txt", "Range: " + value + "\r\n" + more);
    };
    EXPECT_THAT(range("bytes=2-4"),
                AllOf(StartsWith("HTTP/1.1 206 Partial Content\r\n"),
                      HasSubstr("\r\nContent-Range: bytes 2-4/10\r\n"),
                      HasSubstr("\r\nContent-Length: 3\r\n"), EndsWith("\r\n\r\n234")));
    EXPECT_EQ(body_of(range("bytes=7-")), "789");
    EXPECT_EQ(body_of(range("bytes=-3")), "789");
    EXPECT_EQ(body_of(range("bytes=-100")), "0123456789");
    EXPECT_EQ(body_of(range("bytes=8-100")), "89");
    EXPECT_THAT(range("bytes=10-"),
                AllOf(StartsWith("HTTP/1.1 416 "), HasSubstr("\r\nContent-Range: bytes */10\r\n")));
    EXPECT_EQ(status_of(range("bytes=-0")), "416");
    for (const char* ignored :
         {"bytes=4-2", "bytes=a-b", "bytes=", "bytes=1-2,4-5", "lines=1-2", "bytes=-"}) {
        EXPECT_EQ(status_of(range(ignored)), "200") << ignored;
    }
    const std::string etag = field("/ten.txt", "ETag");
    EXPECT_EQ(status_of(range("bytes=0-0", "If-Range: " + etag + "\r\n")), "206");
    EXPECT_EQ(status_of(range("bytes=0-0", "If-Range: \"other\"\r\n")), "200");
    EXPECT_EQ(status_of(range("bytes=0-0", "If-Range: W/" + etag + "\r\n")), "200");
    EXPECT_EQ(
        status_of(range("bytes=0-0", "If-Range: " + field("/ten.txt", "Last-Modified") + "\r\n")),
        "206");
    EXPECT_EQ(body_of(get("/large.bin", "Range: bytes=500000-999999\r\n")), large_.substr(500'000));
}

TEST_F(HttpStaticFiles, HonourConditions) {
    const std::string etag = field("/ten.txt", "ETag");
    const std::string date = field("/ten.txt", "Last-Modified");
    const std::string past = "Sun, 06 Nov 1994 08:49:37 GMT";
    const auto status = [&](const std::string& fields) {
        return status_of(get("/ten.txt", fields));
    };
    EXPECT_EQ(status("If-None-Match: " + etag + "\r\n"), "304");
    EXPECT_EQ(status("If-None-Match: \"a\", W/" + etag + "\r\n"), "304");
    EXPECT_EQ(status("If-None-Match: *\r\n"), "304");
    EXPECT_EQ(status("If-None-Match: \"a\"\r\n"), "200");
    EXPECT_EQ(status("If-None-Match: \"a\"\r\nIf-Modified-Since: " + date + "\r\n"), "200");
    EXPECT_EQ(status("If-Modified-Since: " + date + "\r\n"), "304");
    EXPECT_EQ(status("If-Modified-Since: " + past + "\r\n"), "200");
    EXPECT_EQ(status("If-Modified-Since: yesterday\r\n"), "200");
    EXPECT_EQ(status("If-Match: " + etag + "\r\n"), "200");
    EXPECT_EQ(status("If-Match: \"a\"\r\n"), "412");
    EXPECT_EQ(status("If-Match: W/" + etag + "\r\n"), "412");
    EXPECT_EQ(status("If-Unmodified-Since: " + past + "\r\n"), "412");
    EXPECT_EQ(status("If-Unmodified-Since: " + date + "\r\n"), "200");
    EXPECT_THAT(get("/ten.txt", "If-None-Match: *\r\n"),
                AllOf(HasSubstr("\r\nETag: " + etag + "\r\n"), Not(HasSubstr("Content-Length")),
                      EndsWith("\r\n\r\n")));
}

TEST_F(HttpStaticFiles, AreReadAgainWhenTheyChange) {
    EXPECT_EQ(body_of(get("/ten.txt")), "0123456789");
    write("public/ten.txt", "changed");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string body;
    while (body != "changed" && std::chrono::steady_clock::now() < deadline) {
        body = body_of(get("/ten.txt"));
    }
    EXPECT_EQ(body, "changed");
}

TEST_F(HttpStaticFiles, FitInTheirCache) {
    start({.largest_cached = 100, .cache = 20});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(body_of(get("/ten.txt")), "0123456789");
        EXPECT_EQ(body_of(get("/")), "<p>root");
        EXPECT_EQ(body_of(get("/sub/")), "<p>sub");
        EXPECT_EQ(body_of(get("/large.bin")), large_);
    }
    EXPECT_THROW(http::StaticFiles(path("nothing")), std::system_error);
    EXPECT_THROW(http::StaticFiles(path("secret.txt")), std::system_error);
}
