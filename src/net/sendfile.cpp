#include "net/sendfile.hpp"

#include <string>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/stream_writer.hpp>

#include "engine/file_send.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"
#include "net/send_directly.hpp"
#include "net/send_pieces.hpp"
#include "net/stream_state.hpp"

namespace hocket::detail {

namespace {

using engine::FileSend;

/// Replaces a transport's protocol while the fallback sends a file, as in Python.
class FallbackProtocol final : public Protocol {
public:
    explicit FallbackProtocol(Transport& transport)
        : transport_(transport), behind_(transport.get_protocol()) {
        resume_reading_ = transport.is_reading();
        transport.pause_reading();
        can_write_.set();
    }

    /// Restores the transport's own protocol.
    void restore() {
        if (is_lost_) {
            return;
        }
        if (auto plain = std::dynamic_pointer_cast<Protocol>(behind_)) {
            transport_.set_protocol(std::move(plain));
        } else {
            transport_.set_protocol(std::dynamic_pointer_cast<BufferedProtocol>(behind_));
        }
        if (resume_reading_) {
            transport_.resume_reading();
        }
        if (!can_write_.is_set()) {
            behind_->pause_writing();
        }
    }

    Coro<> write(std::string_view piece) {
        co_await can_write_.wait();
        if (is_lost_ || transport_.is_closing()) {
            if (error_) {
                std::rethrow_exception(error_);
            }
            throw std::system_error(std::make_error_code(std::errc::connection_aborted),
                                    "sendfile to a connection that was closed while sending");
        }
        transport_.write(piece);
        co_await can_write_.wait();
    }

private:
    void pause_writing() override { can_write_.clear(); }
    void resume_writing() override { can_write_.set(); }
    void connection_lost(std::exception_ptr error) override {
        is_lost_ = true;
        error_ = error;
        can_write_.set();
        behind_->connection_lost(error);
    }

    Transport& transport_;
    std::shared_ptr<BaseProtocol> behind_; // keeps the transport alive
    Event can_write_;
    bool resume_reading_ = false;
    bool is_lost_ = false;
    std::exception_ptr error_;
};

Coro<std::uint64_t> sendfile_to_transport(Transport& transport, int file, SendfileOptions options) {
    require_sendable(options);
    if (transport.is_closing()) {
        throw RuntimeError("Transport is closing");
    }
    const std::shared_ptr<BaseProtocol> kept = transport.get_protocol(); // keeps the transport
    if (engine::StreamTransport* const stream = transport.plain_stream()) {
        const std::optional<std::uint64_t> sent = co_await send_directly(*stream, file, options);
        if (sent) {
            co_return *sent;
        }
    } else if (!options.fallback) {
        throw SendfileNotAvailableError("sendfile is not available for this transport");
    }
    const auto protocol = std::make_shared<FallbackProtocol>(transport);
    transport.set_protocol(std::shared_ptr<Protocol>(protocol));
    std::uint64_t sent = 0;
    std::exception_ptr failure;
    try {
        const WritePiece write = [&](std::string_view piece) { return protocol->write(piece); };
        sent = co_await send_pieces(file, options, write);
    } catch (...) {
        failure = std::current_exception();
    }
    protocol->restore();
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return sent;
}

Coro<std::uint64_t> sendfile_to_socket(LoopNetwork& network, int socket, int file,
                                       SendfileOptions options) {
    require_sendable(options);
    FileSend sending(file, options.offset, options.count);
    {
        std::uint64_t sent = 0;
        const PositionBehind position(file, options.offset, sent);
        FileSend::State state = FileSend::State::later;
        std::exception_ptr failure;
        try {
            while ((state = sending.advance(socket)) == FileSend::State::later) {
                FdReady ready(network, socket, FdWatch::Direction::write);
                co_await ready;
            }
        } catch (...) {
            failure = std::current_exception();
        }
        sent = sending.sent();
        if (failure) {
            std::rethrow_exception(failure);
        }
        if (state == FileSend::State::done) {
            co_return sent;
        }
    }
    if (!sending.is_unavailable()) {
        throw std::system_error(sending.error(),
                                "sendfile to " + SocketAddress::peer_of(socket).text());
    }
    if (!options.fallback) {
        throw_sendfile_unavailable(sending.error());
    }
    const WritePiece write = [&](std::string_view piece) {
        return send_all(network, socket, piece);
    };
    co_return co_await send_pieces(file, options, write);
}

} // namespace

void require_sendable(const SendfileOptions& options) {
    if (options.offset < 0) {
        throw ValueError("offset must be a non-negative integer (got " +
                         std::to_string(options.offset) + ")");
    }
    if (options.count && *options.count <= 0) {
        throw ValueError("count must be a positive integer (got " + std::to_string(*options.count) +
                         ")");
    }
}

Coro<std::uint64_t> sendfile_to_stream(std::shared_ptr<StreamState> stream, int file,
                                       SendfileOptions options) {
    require_sendable(options);
    if (stream->is_closing()) {
        throw RuntimeError("Transport is closing");
    }
    if (engine::StreamTransport* const transport = stream->plain_socket()) {
        const std::optional<std::uint64_t> sent = co_await send_directly(*transport, file, options);
        if (sent) {
            co_return *sent;
        }
    } else if (!options.fallback) {
        throw SendfileNotAvailableError("sendfile is not available for this connection");
    }
    const WritePiece write = [&](std::string_view piece) -> Coro<> {
        stream->write(piece);
        Drain drained(stream);
        co_await drained;
    };
    co_return co_await send_pieces(file, options, write);
}

} // namespace hocket::detail

namespace hocket {

Coro<std::uint64_t> LoopIo::sendfile(Transport& transport, int file, SendfileOptions options) {
    return detail::sendfile_to_transport(transport, file, options);
}

Coro<std::uint64_t> LoopIo::sock_sendfile(const Socket& socket, int file, SendfileOptions options) {
    return detail::sendfile_to_socket(loop().state().network, socket.fileno(), file, options);
}

} // namespace hocket
