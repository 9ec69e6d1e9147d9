#pragma once

#include <cstdint>
#include <hocket/hocket.hpp>
#include <string>
#include <string_view>

#include "serve/clock.hpp"
#include "serve/options.hpp"
#include "serve/receive_buffer.hpp"
#include "serve/response_cache.hpp"
#include "serve/response_head.hpp"
#include "web/http_error.hpp"
#include "web/request_parser.hpp"

namespace serve {

/// What all connections of a server share.
struct ServerState {
    Options options;
    Clock clock;
    ResponseCache cache{clock};
    bool stopping = false;
};

/// One client: its requests one after another, each answered in turn, until it or we close.
class HttpConnection {
public:
    HttpConnection(ServerState& server, hocket::StreamReader reader, hocket::StreamWriter writer)
        : server_(server), reader_(std::move(reader)), writer_(std::move(writer)) {}

    /// Ends when the connection does; what the client does wrong is answered, not thrown.
    hocket::Coro<> run();

    /// Ends run() wherever it is.
    void cancel() { task_.cancel(); }
    /// Whether no request is being received or answered.
    bool is_idle() const { return idle_; }
    /// When something last went to or came from the client, as Clock::seconds.
    std::uint64_t last_active() const { return last_active_; }
    /// When the head that is being received began, as Clock::seconds; 0 when none is.
    std::uint64_t head_began() const { return head_began_; }

private:
    hocket::Coro<> answer_requests();
    const CachedResponse* ready_response();
    hocket::Coro<> answer();
    hocket::Coro<> answer_with_file(const FileLookup& file);
    hocket::Coro<> send_large_file(const FileLookup& file);
    void send_error(int status, std::string_view message);
    void send(std::string head, std::string_view body);
    Connection after_response() const;
    bool is_unmodified(const FileVersion& version) const;
    hocket::Coro<> close_gently();
    hocket::Coro<> part();

    ServerState& server_;
    hocket::StreamReader reader_;
    hocket::StreamWriter writer_;
    hocket::AnyTask task_;
    ReceiveBuffer buffer_;
    web::RequestParser parser_;
    std::uint64_t last_active_ = 0;
    std::uint64_t head_began_ = 0;
    bool idle_ = true;
    bool open_ = true; // whether another request may follow
    bool head_only_ = false;
};

} // namespace serve
