// Whenever a request is given up, by its client, by its server, or because its handler is
// cancelled, nothing of it stays behind, and the server goes on.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "support/end_of.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace {

namespace http = hocket::http;
using hocket::Coro;
using http::Request;
using http::Response;

constexpr std::size_t large = 3'000'000;

/// Counts the handlers and generators that run.
class Running {
public:
    explicit Running(int& count) noexcept : count_(count) { ++count_; }
    ~Running() { --count_; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    int& count_;
};

hocket::AsyncGenerator<std::string> pieces(int& running) {
    const Running here(running);
    for (std::size_t sent = 0; sent < large; sent += 100'000) {
        co_yield std::string(100'000, 'x');
        co_await turns();
    }
}

http::Router routes(int& running, const std::string& folder) {
    http::Router router;
    router.post("/read", [&running](Request& request) -> Coro<Response> {
        const Running here(running);
        const std::string body = co_await request.body().read();
        co_return Response::text(std::to_string(body.size()));
    });
    router.post("/chunks", [&running](Request& request) -> Coro<Response> {
        const Running here(running);
        std::size_t size = 0;
        auto chunks = request.body().chunks();
        while (const auto chunk = co_await chunks.next()) {
            size += chunk->size();
        }
        co_return Response::text(std::to_string(size));
    });
    router.post("/unread", [&running](Request&) -> Coro<Response> {
        const Running here(running);
        co_await turns(3);
        co_return Response::text("unread");
    });
    router.get("/stream", [&running](Request&) -> Coro<Response> {
        const Running here(running);
        co_await turns();
        co_return Response::stream(pieces(running), "text/plain");
    });
    router.get("/wait", [&running](Request&) -> Coro<Response> {
        const Running here(running);
        co_await turns(20);
        co_return Response::text(std::string(large, 'x'));
    });
    router.get("/files/{path:path}", http::StaticFiles(folder));
    return router;
}

struct Case {
    const char* name;
    const char* head;
    std::size_t body; ///< That the client sends.
};

const std::vector<Case> requests{
    {"read",
     "POST /read HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n",
     300'000},
    {"chunks",
     "POST /chunks HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n",
     300'000},
    {"unread",
     "POST /unread HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n",
     300'000},
    {"stream", "GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 0},
    {"wait", "GET /wait HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 0},
    {"file", "GET /files/large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 0},
};

enum class GivenUpBy { client, server, cancellation };
const std::vector<GivenUpBy> all{GivenUpBy::client, GivenUpBy::server, GivenUpBy::cancellation};

std::string name_of(const testing::TestParamInfo<std::tuple<Case, GivenUpBy>>& info) {
    const std::vector<std::string> names{"client", "server", "cancellation"};
    const auto& [request, who] = info.param;
    return std::string(request.name) + "_given_up_by_" + names.at(static_cast<std::size_t>(who));
}

/// Sends the request in pieces and reads the whole answer.
Coro<std::string> exchange(int port, const Case& request) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    writer.write(request.head);
    for (std::size_t sent = 0; sent < request.body; sent += 20'000) {
        writer.write(std::string(20'000, 'b'));
        co_await writer.drain();
        co_await turns();
    }
    std::string answer = co_await reader.read();
    writer.close();
    co_return answer;
}

/// Cancels the server's tasks, that is, all but those of the test.
void cancel_handlers(const std::vector<hocket::AnyTask>& kept) {
    for (hocket::AnyTask task : hocket::all_tasks()) {
        if (std::find(kept.begin(), kept.end(), task) == kept.end()) {
            task.cancel();
        }
    }
}

/// Gives the request up after `step` turns. Returns whether that was before the end of its answer.
Coro<bool> give_up_after(hocket::Server& server, const Case& request, GivenUpBy who, int step) {
    auto client = hocket::create_task(exchange(server.sockets().front().port(), request));
    const std::vector<hocket::AnyTask> kept{hocket::current_task(), client};
    for (int i = 0; i < step && !client.done(); ++i) {
        co_await turns();
    }
    const bool was_pending = !client.done();
    switch (who) {
    case GivenUpBy::client: client.cancel(); break;
    case GivenUpBy::server: server.abort_clients(); break;
    case GivenUpBy::cancellation: cancel_handlers(kept); break;
    }
    // One that the server had not accepted yet is answered.
    co_await end_of(client);
    std::ignore = ending(client);
    co_return was_pending;
}

} // namespace

class HttpServerSweep : public testing::TestWithParam<std::tuple<Case, GivenUpBy>> {};

INSTANTIATE_TEST_SUITE_P(Requests, HttpServerSweep,
                         testing::Combine(testing::ValuesIn(requests), testing::ValuesIn(all)),
                         name_of);

TEST_P(HttpServerSweep, GivenUpAtEveryTurn) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "large") << std::string(large, 'x');
    const auto& [request, who] = GetParam();
    int running = 0;
    const std::size_t open_before = open_descriptors();
    auto program = [&]() -> Coro<> {
        http::Router router = routes(running, folder.path());
        hocket::Server server = co_await http::serve(router, "127.0.0.1", 0);
        const int port = server.sockets().front().port();
        const std::string whole = co_await exchange(port, request);
        EXPECT_EQ(whole.substr(0, 12), "HTTP/1.1 200");
        bool was_pending = true;
        for (int step = 0; was_pending && step < 10'000'000; step = next_step(step)) {
            was_pending = co_await give_up_after(server, request, who, step);
            const std::string again = co_await exchange(port, request);
            EXPECT_EQ(again.size(), whole.size()) << step;
        }
        EXPECT_FALSE(was_pending);
        server.close();
        co_await server.wait_closed(); // no connection is left
        co_await turns(3);
        EXPECT_EQ(running, 0);
        EXPECT_EQ(hocket::all_tasks().size(), 1U);
    };
    hocket::run(program);
    EXPECT_TRUE(no_more_descriptors_than(open_before));
}
