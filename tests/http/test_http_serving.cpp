// TLS, several loops, draining, the access log, and many connections.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_contexts.hpp"

using namespace http_tests;
using namespace std::chrono_literals;
using hocket::Coro;
using http::Request;
using http::Response;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

http::Router hello() {
    http::Router router;
    router.get("/", [](Request&) -> Coro<Response> { co_return Response::text("hello"); });
    return router;
}

/// Sends a request over TLS, and returns the response.
std::string exchange_tls(int port, const hocket::SSLContext& context, std::string bytes) {
    return hocket::run([&]() -> Coro<std::string> {
        hocket::ConnectOptions options;
        options.ssl = context;
        auto [reader, writer] = co_await hocket::open_connection("localhost", port, options);
        writer.write(bytes);
        std::string all = co_await reader.read();
        writer.close();
        co_return all;
    });
}

} // namespace

TEST(HttpServing, SpeaksTls) {
    const TlsContexts tls;
    TemporaryFolder folder;
    const std::string large(1'000'000, 'x');
    std::ofstream(folder.path() / "large.bin") << large;
    http::Router router = hello();
    router.get("/files/{path:path}", http::StaticFiles(folder.path().string()));
    router.get("/tls", [](Request& request) {
        return Response::text(request.ssl_object() ? request.ssl_object().version() : "none");
    });
    http::ServeOptions options;
    options.server.ssl = tls.server;
    RunningServer server(router, options);
    const std::string end = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(body_of(exchange_tls(server.port(), tls.client, "GET /tls" + end)), "TLSv1.3");
    EXPECT_THAT(exchange_tls(server.port(), tls.client, get + get + "GET /" + end),
                EndsWith("hello"));
    EXPECT_EQ(body_of(exchange_tls(server.port(), tls.client, "GET /files/large.bin" + end)),
              large);
    EXPECT_EQ(status_of(exchange_tls(server.port(), tls.client, "nonsense\r\n\r\n")), "400");
}

TEST(HttpServing, RunsOnSeveralLoops) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    http::Router router;
    router.get("/", [&](Request&) -> Coro<Response> {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        co_return Response::text("hello");
    });
    RunningServer server(router, {}, 3);
    std::vector<std::unique_ptr<ClientSocket>> clients;
    for (int i = 0; i < 30; ++i) clients.push_back(std::make_unique<ClientSocket>(server.port()));
    for (const auto& client : clients) client->send(get);
    for (const auto& client : clients) EXPECT_THAT(client->receive(), EndsWith("hello"));
    EXPECT_EQ(threads.size(), 3U);
    EXPECT_TRUE(server.stop(10s));
}

TEST(HttpServing, DrainsWhatIsInProgress) {
    std::promise<void> entered;
    hocket::Event* proceed = nullptr;
    http::Router router = hello();
    router.post("/slow", [&](Request& request) -> Coro<Response> {
        hocket::Event event;
        proceed = &event;
        entered.set_value();
        co_await event.wait();
        std::string body = co_await request.body().read();
        co_return Response::text(std::move(body));
    });
    RunningServer server(router);
    const ClientSocket idle(server.port());
    idle.send(get);
    EXPECT_THAT(idle.receive(), EndsWith("hello"));
    const ClientSocket silent(server.port());
    const ClientSocket busy(server.port());
    busy.send(
        "POST /slow HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    entered.get_future().wait();
    server.begin_stop(20s);
    // These are closed at once, the one with a request only after its answer. Its body is received.
    EXPECT_EQ(idle.receive_all(), "");
    EXPECT_EQ(silent.receive_all(), "");
    EXPECT_FALSE(ClientSocket(server.port()).connected());
    server.loop().call_soon_threadsafe([&] { proceed->set(); });
    EXPECT_EQ(busy.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
    busy.send("abc" + get);
    EXPECT_THAT(busy.receive_all(),
                AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("\r\n\r\nabc")));
    EXPECT_TRUE(server.stop(20s));
}

TEST(HttpServing, ADrainEndsAtItsDeadline) {
    std::promise<void> entered;
    http::Router router;
    router.get("/", [&](Request&) -> Coro<Response> {
        entered.set_value();
        co_await hocket::sleep(1h);
        co_return Response();
    });
    RunningServer server(router);
    const ClientSocket client(server.port());
    client.send(get);
    entered.get_future().wait();
    EXPECT_FALSE(server.stop(50ms));
    EXPECT_EQ(client.receive_all(), "");
}

TEST(HttpServing, LogsEachRequest) {
    std::ostringstream out;
    const http::AccessLog log = http::log_to(out);
    http::ServeOptions options;
    options.access_log = log;
    {
        RunningServer server(hello(), options);
        static_cast<void>(server.request("GET /", "User-Agent: a\"b\r\nReferer: c\r\n"));
        static_cast<void>(server.exchange("nonsense\r\n\r\n"));
    }
    EXPECT_THAT(out.str(),
                testing::MatchesRegex(
                    "127.0.0.1 - - \\[[^]]*\\] \"GET / HTTP/1.1\" 200 5 \"c\" \"a.x22b\"\n"
                    "127.0.0.1 - - \\[[^]]*\\] \"-\" 400 [0-9]+ \"-\" \"-\"\n"));
    http::AccessRecord record;
    record.method = "GET";
    record.target = "/\n";
    EXPECT_THAT(http::combined_log_line(record),
                HasSubstr("[01/Jan/1970:00:00:00 +0000] \"GET /\\x0a HTTP/1.1\" 0 0"));
}

TEST(HttpServing, ServesUnixSocketsAndRefusesBadLimits) {
    TemporaryFolder folder;
    const std::string path = (folder.path() / "socket").string();
    hocket::run([&]() -> Coro<> {
        const http::Router router = hello();
        hocket::Server server = co_await http::serve_unix(router, path);
        auto [reader, writer] = co_await hocket::open_unix_connection(path);
        writer.write("GET / HTTP/1.0\r\n\r\n");
        const std::string all = co_await reader.read();
        EXPECT_THAT(all, EndsWith("hello"));
        server.close();
        http::ServeOptions options;
        options.limits.head = 0;
        EXPECT_THROW(static_cast<void>(http::serve(router, "127.0.0.1", 0, options)),
                     hocket::ValueError);
        EXPECT_THROW(static_cast<void>(http::serve_on(router, "127.0.0.1", 0, -1)),
                     hocket::ValueError);
    });
}

namespace {

constexpr int connections = 10'000;

/// Clients in another process, because descriptor limits apply to each process. Each sends two
/// requests, and then waits for the end of its connection.
int run_clients(int control) {
    int port = 0;
    if (::read(control, &port, sizeof port) != sizeof port) return 1;
    std::vector<std::unique_ptr<ClientSocket>> clients;
    for (int i = 0; i < connections; ++i) {
        clients.push_back(std::make_unique<ClientSocket>(port));
        if (!clients.back()->connected()) return 2;
    }
    for (int round = 0; round < 2; ++round) {
        for (const auto& client : clients) client->send(get);
        for (const auto& client : clients) {
            if (!client->receive().ends_with("hello")) return 3;
        }
    }
    if (::write(control, "k", 1) != 1) return 4;
    for (const auto& client : clients) {
        if (!client->receive().empty()) return 5;
    }
    return 0;
}

} // namespace

TEST(HttpServing, KeepsTenThousandConnections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, connections + 200);
    limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0)
        << "this test needs " << limit.rlim_cur << " descriptors; raise `ulimit -Hn`";
    int control[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(run_clients(control[1]));

    http::ServeOptions options;
    options.server.backlog = 4096;
    options.limits.idle_time = 1h;
    RunningServer server(hello(), options);
    const int port = server.port();
    ASSERT_EQ(::write(control[0], &port, sizeof port), ssize_t{sizeof port});
    ::close(control[1]);
    char all_answered = 0;
    EXPECT_EQ(::read(control[0], &all_answered, 1), 1);
    EXPECT_TRUE(server.stop(20s)); // all are idle
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    ::close(control[0]);
}
