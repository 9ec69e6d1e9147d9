#include "serve/http_server.hpp"

#include <ctime>

#include "web/http_date.hpp"

namespace serve {

using namespace std::chrono_literals;
using hocket::Coro;

namespace {

/// Keeps a connection in the set for as long as its handler runs, however it ends.
class Registration {
public:
    Registration(std::unordered_set<HttpConnection*>& all, hocket::Event& ended,
                 HttpConnection& connection)
        : all_(all), ended_(ended), connection_(connection) {
        all_.insert(&connection_);
    }
    ~Registration() {
        all_.erase(&connection_);
        ended_.set();
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

private:
    std::unordered_set<HttpConnection*>& all_;
    hocket::Event& ended_;
    HttpConnection& connection_;
};

} // namespace

HttpServer::HttpServer(Options options) {
    state_.options = std::move(options);
    update_clock();
}

void HttpServer::update_clock() {
    ++state_.clock.seconds;
    state_.clock.date = web::format_http_date(std::time(nullptr));
}

Coro<> HttpServer::handle(hocket::StreamReader reader, hocket::StreamWriter writer) {
    HttpConnection connection(state_, std::move(reader), std::move(writer));
    const Registration registration(connections_, connection_ended_, connection);
    co_await connection.run();
}

Coro<> HttpServer::tick() {
    for (;;) {
        co_await hocket::sleep(1s);
        update_clock();
        for (HttpConnection* connection : connections_)
            if (is_late(*connection)) connection->cancel();
    }
}

/// Silent for too long; or at one head for too long, however busily: a client that sends a byte now
/// and then would hold its connection for ever.
bool HttpServer::is_late(const HttpConnection& connection) const {
    const std::uint64_t now = state_.clock.seconds;
    const auto silence = static_cast<std::uint64_t>(state_.options.idle_timeout.count());
    const auto patience = static_cast<std::uint64_t>(state_.options.head_timeout.count());
    return now - connection.last_active() > silence ||
           (connection.head_began() != 0 && now - connection.head_began() > patience);
}

Coro<> HttpServer::finish(std::chrono::milliseconds grace) {
    state_.stopping = true;
    for (HttpConnection* connection : connections_)
        if (connection->is_idle()) connection->cancel();
    try {
        co_await hocket::wait_for(wait_until_empty(), grace);
    } catch (const hocket::TimeoutError&) {
        for (HttpConnection* connection : connections_) connection->cancel();
    }
}

Coro<> HttpServer::wait_until_empty() {
    while (!connections_.empty()) {
        connection_ended_.clear();
        co_await connection_ended_.wait();
    }
}

} // namespace serve
