#include "sendfile.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <hocket/detail/file_descriptor.hpp>
#include <hocket/detail/operation.hpp>
#include <hocket/detail/task_base.hpp>
#include <hocket/errors.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/executor.hpp>
#include <hocket/stream_writer.hpp>

#include "engine/file_send.hpp"
#include "engine/stream_transport.hpp"
#include "event_loop_state.hpp"
#include "network_operations.hpp"
#include "stream_state.hpp"

namespace hocket::detail {

namespace {

using engine::FileSend;
using FilePointer = std::shared_ptr<const engine::FileDescriptor>;

// What the fallback reads and writes at a time: a thread has to be woken for each.
constexpr std::int64_t piece_size = std::int64_t{256} * 1024;

/// Leaves the file's position behind what was sent, however the sending ends. Files without
/// positions have none to leave.
class PositionBehind {
public:
    PositionBehind(int file, std::int64_t offset, const std::uint64_t& sent) noexcept
        : file_(file), offset_(offset), sent_(sent) {}
    ~PositionBehind() {
        if (sent_ > 0) {
            ::lseek(file_, offset_ + static_cast<std::int64_t>(sent_), SEEK_SET);
        }
    }
    PositionBehind(const PositionBehind&) = delete;
    PositionBehind& operator=(const PositionBehind&) = delete;

private:
    int file_;
    std::int64_t offset_;
    const std::uint64_t& sent_;
};

[[noreturn]] void throw_unavailable(std::error_code error) {
    throw SendfileNotAvailableError("sendfile is not available for this file: " + error.message());
}

/// Runs on a thread. The file stays open for as long as that takes: the task may be cancelled
/// meanwhile, and close it.
std::string read_piece(const FilePointer& file, std::int64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    for (;;) {
        ssize_t got = ::pread(file->get(), bytes.data(), size, offset);
        if (got < 0 && errno == ESPIPE) {
            got = ::read(file->get(), bytes.data(), size);
        }
        if (got >= 0) {
            bytes.resize(static_cast<std::size_t>(got));
            return bytes;
        }
        if (errno != EINTR) {
            throw std::system_error(errno, std::system_category(), "read the file to send");
        }
    }
}

using WritePiece = std::function<Coro<>(std::string_view)>;

/// Reads on a thread, and lets `write` take care of each piece.
Coro<std::uint64_t> send_pieces(int file, SendfileOptions options, const WritePiece& write) {
    const FilePointer own =
        std::make_shared<engine::FileDescriptor>(engine::FileDescriptor::duplicate(file));
    if (options.offset > 0 && ::lseek(file, options.offset, SEEK_SET) < 0) {
        throw std::system_error(errno, std::system_category(), "seek in the file to send");
    }
    std::uint64_t sent = 0;
    const PositionBehind position(file, options.offset, sent);
    for (;;) {
        const auto total = static_cast<std::int64_t>(sent);
        const std::int64_t want =
            options.count ? std::min(piece_size, *options.count - total) : piece_size;
        if (want == 0) {
            break;
        }
        const std::string piece = co_await to_thread(read_piece, own, options.offset + total,
                                                     static_cast<std::size_t>(want));
        if (piece.empty()) {
            break;
        }
        co_await write(piece);
        sent += piece.size();
    }
    co_return sent;
}

/// Awaits that a transport has sent a file. A named local of the coroutine that awaits it.
class SendDirectly final : public Operation, private engine::DirectSend {
public:
    using hocket_awaitable = void;

    SendDirectly(engine::StreamTransport& transport, FileSend& file) noexcept
        : transport_(transport), file_(file) {}
    ~SendDirectly() { stop(); }

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        resume_reading_ = transport_.is_reading();
        transport_.pause_reading();
        is_sending_ = true;
        task_->suspend(caller.promise(), *this);
        transport_.start_direct_send(*this); // which may end the transport
    }
    void await_resume() {
        task_->throw_if_cancelled();
        if (failure_) {
            throw std::system_error(failure_->code, failure_->what);
        }
    }

private:
    bool cancel(std::string_view) noexcept override {
        if (!is_sending_) {
            return false;
        }
        stop();
        task_->interrupt();
        return true;
    }
    bool send_some(Socket& socket) noexcept override {
        const FileSend::State state = file_.advance(socket.fd());
        if (state == FileSend::State::later) {
            return true;
        }
        if (state == FileSend::State::failed) {
            failure_ = {file_.error(), "sendfile to " + transport_.peer_text()};
        }
        leave();
        task_->wake();
        return false;
    }
    void on_transport_ended(const engine::Failure* failure) noexcept override {
        is_sending_ = false;
        const auto aborted = std::make_error_code(std::errc::connection_aborted);
        failure_ = failure != nullptr ? *failure
                                      : engine::Failure{aborted, "sendfile to a connection that "
                                                                 "was closed meanwhile"};
        task_->wake();
    }
    void leave() noexcept {
        is_sending_ = false;
        if (resume_reading_) {
            transport_.resume_reading();
        }
    }
    void stop() noexcept {
        if (is_sending_) {
            transport_.cancel_direct_send();
            leave();
        }
    }

    engine::StreamTransport& transport_;
    FileSend& file_;
    TaskBase* task_ = nullptr;
    bool is_sending_ = false;
    bool resume_reading_ = false;
    std::optional<engine::Failure> failure_;
};

/// What was sent; nothing when the kernel cannot.
Coro<std::optional<std::uint64_t>> send_natively(engine::StreamTransport& transport, int file,
                                                 SendfileOptions options) {
    if (transport.is_sending_directly()) {
        throw RuntimeError("sendfile is in progress on this connection already");
    }
    FileSend sending(file, options.offset, options.count);
    std::uint64_t sent = 0;
    const PositionBehind position(file, options.offset, sent);
    std::exception_ptr failure;
    try {
        SendDirectly sent_directly(transport, sending);
        co_await sent_directly;
    } catch (...) {
        failure = std::current_exception();
    }
    sent = sending.sent();
    if (failure && sending.is_unavailable()) {
        if (!options.fallback) {
            throw_unavailable(sending.error());
        }
        co_return std::nullopt;
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return sent;
}

/// Takes a transport's protocol's place while a file is sent by the fallback, as in Python.
class FallbackProtocol final : public Protocol {
public:
    explicit FallbackProtocol(Transport& transport)
        : transport_(transport), behind_(transport.get_protocol()) {
        resume_reading_ = transport.is_reading();
        transport.pause_reading();
        can_write_.set();
    }

    /// Gives the transport back.
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
                                    "sendfile to a connection that was closed meanwhile");
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
    std::shared_ptr<BaseProtocol> behind_; // keeps the transport
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
    const std::shared_ptr<BaseProtocol> kept = transport.get_protocol(); // and so the transport
    if (engine::StreamTransport* const stream = transport.plain_stream()) {
        const std::optional<std::uint64_t> sent = co_await send_natively(*stream, file, options);
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
        throw_unavailable(sending.error());
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
        const std::optional<std::uint64_t> sent = co_await send_natively(*transport, file, options);
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
    return detail::sendfile_to_socket(loop().state().network, socket.fd(), file, options);
}

} // namespace hocket
