#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/net/one_socket.hpp>
#include <hocket/detail/net/running_handler.hpp>
#include <hocket/errors.hpp>
#include <hocket/network_options.hpp>
#include <hocket/server.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>
#include <hocket/task.hpp>

namespace hocket::detail {

/// Called with the streams of each client of a server.
using StreamWelcome =
    std::function<void(StreamReader, StreamWriter, const std::shared_ptr<ServerState>&)>;

template <class H>
concept ConnectionHandler = std::invocable<std::decay_t<H>&, StreamReader, StreamWriter>;

void report_handler_failure(const std::exception_ptr& error) noexcept;

/// The task of one client: keeps the handler alive, and closes the connection if the handler fails.
template <class H>
Coro<> handle_client(std::shared_ptr<H> handler, StreamReader reader, StreamWriter writer,
                     std::shared_ptr<ServerState> server) {
    const RunningHandler listed(*server);
    StreamWriter own = writer;
    try {
        co_await std::invoke(*handler, std::move(reader), std::move(writer));
    } catch (const CancelledError&) {
        own.close();
        throw;
    } catch (...) {
        report_handler_failure(std::current_exception());
        own.close();
    }
}

template <ConnectionHandler H> StreamWelcome welcome(H&& handler, std::source_location place) {
    auto shared = std::make_shared<std::decay_t<H>>(std::forward<H>(handler));
    if constexpr (is_coro<std::invoke_result_t<std::decay_t<H>&, StreamReader, StreamWriter>>) {
        return [shared, place](StreamReader reader, StreamWriter writer,
                               const std::shared_ptr<ServerState>& server) {
            create_task(handle_client(shared, std::move(reader), std::move(writer), server), {},
                        place);
        };
    } else {
        return [shared](StreamReader reader, StreamWriter writer,
                        const std::shared_ptr<ServerState>&) {
            std::invoke(*shared, std::move(reader), std::move(writer));
        };
    }
}

Coro<Server> serve_streams(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                           ServerOptions options);
Coro<Server> serve_streams(StreamWelcome welcome, std::vector<Socket> sockets,
                           ServerOptions options);
Coro<Server> serve_streams_unix(StreamWelcome welcome, std::string path, ServerOptions options);

} // namespace hocket::detail
