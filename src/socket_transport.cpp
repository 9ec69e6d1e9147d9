#include "socket_transport.hpp"

#include <utility>

#include <hocket/errors.hpp>

#include "event_loop_state.hpp"
#include "loop_network.hpp"
#include "report.hpp"
#include "stream_state.hpp"

namespace hocket {

BaseProtocol::~BaseProtocol() = default;

namespace detail {

SocketTransport::SocketTransport(EventLoop& loop, Socket socket, const SocketAddress& peer)
    : loop_(loop), peer_(peer) {
    stream_.emplace(reactor_of(loop), std::move(socket), peer, *this);
}

SocketTransport::SocketTransport(EventLoop& loop, engine::PipeChannel pipe)
    : loop_(loop), only_reads_(!pipe.is_for_writing()) {
    stream_.emplace(reactor_of(loop), std::move(pipe), *this);
}

std::shared_ptr<SocketTransport> SocketTransport::open(EventLoop& loop, Socket socket,
                                                       const SocketAddress& peer,
                                                       std::shared_ptr<Protocol> plain,
                                                       std::shared_ptr<BufferedProtocol> buffered,
                                                       std::shared_ptr<ServerState> server) {
    if (peer.is_ip()) {
        socket.set_no_delay(true); // as asyncio does
    }
    auto transport = std::make_shared<SocketTransport>(loop, std::move(socket), peer);
    transport->begin(std::move(plain), std::move(buffered), std::move(server));
    return transport;
}

std::shared_ptr<SocketTransport>
SocketTransport::open_pipe(EventLoop& loop, engine::PipeChannel pipe, AnyProtocol protocol) {
    auto transport = std::make_shared<SocketTransport>(loop, std::move(pipe));
    transport->begin(std::move(protocol.plain), std::move(protocol.buffered), nullptr);
    return transport;
}

void SocketTransport::begin(std::shared_ptr<Protocol> plain,
                            std::shared_ptr<BufferedProtocol> buffered,
                            std::shared_ptr<ServerState> server) {
    if (!plain && !buffered) {
        throw ValueError("the protocol factory returned no protocol");
    }
    plain_ = std::move(plain);
    buffered_ = std::move(buffered);
    protocol().transport_ = shared_from_this();
    enlist(loop_.state().network, std::move(server), shared_from_this());
    guard("connection_made", [&] { protocol().connection_made(*this); });
    if (!is_closing()) {
        stream_->start();
    }
}

BaseProtocol& SocketTransport::protocol() const noexcept {
    return plain_ ? static_cast<BaseProtocol&>(*plain_) : *buffered_;
}

template <class Call> void SocketTransport::guard_leniently(const char* what, Call call) noexcept {
    try {
        call();
    } catch (...) {
        report_exception(loop_.core(), std::string("exception in a protocol's ") + what,
                         std::current_exception());
    }
}

template <class Call> void SocketTransport::guard(const char* what, Call call) noexcept {
    guard_leniently(what, [&] {
        try {
            call();
        } catch (...) {
            callback_error_ = std::current_exception();
            abort();
            throw;
        }
    });
}

void SocketTransport::write(std::string_view data) {
    if (!stream_) {
        return;
    }
    if (only_reads_) {
        throw RuntimeError("cannot write to a pipe that was connected to read from it");
    }
    if (stream_->has_written_eof()) {
        throw RuntimeError("cannot call write() after write_eof()");
    }
    if (!stream_->write(data) && stream_->ignored_writes() == ignored_writes_to_report) {
        report_ignored_writes(loop_, stream_->peer_text());
    }
}

void SocketTransport::write_eof() {
    if (stream_) {
        stream_->write_eof();
    }
}

void SocketTransport::close() noexcept {
    if (stream_) {
        stream_->close();
    }
}

void SocketTransport::abort() noexcept {
    if (stream_) {
        stream_->abort();
    }
}

bool SocketTransport::is_closing() const noexcept { return !stream_ || stream_->is_closing(); }

void SocketTransport::pause_reading() noexcept {
    if (stream_) {
        stream_->pause_reading();
    }
}

void SocketTransport::resume_reading() noexcept {
    if (stream_) {
        stream_->resume_reading();
    }
}

bool SocketTransport::is_reading() const noexcept { return stream_ && stream_->is_reading(); }

void SocketTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                              std::optional<std::size_t> low) {
    if (stream_ && !stream_->set_write_buffer_limits(high, low)) {
        throw ValueError("set_write_buffer_limits: low (" + std::to_string(low.value_or(0)) +
                         ") must not be above high (" + std::to_string(high.value_or(0)) + ")");
    }
}

std::pair<std::size_t, std::size_t> SocketTransport::get_write_buffer_limits() const noexcept {
    return stream_ ? std::pair(stream_->low_water(), stream_->high_water())
                   : std::pair<std::size_t, std::size_t>(0, 0);
}

std::size_t SocketTransport::get_write_buffer_size() const noexcept {
    return stream_ ? stream_->write_buffer_size() : 0;
}

void SocketTransport::set_protocol(std::shared_ptr<Protocol> protocol) {
    if (!protocol) {
        throw ValueError("set_protocol: there is no protocol");
    }
    protocol->transport_ = shared_from_this();
    replaced_ = get_protocol();
    plain_ = std::move(protocol);
    buffered_.reset();
}

void SocketTransport::set_protocol(std::shared_ptr<BufferedProtocol> protocol) {
    if (!protocol) {
        throw ValueError("set_protocol: there is no protocol");
    }
    protocol->transport_ = shared_from_this();
    replaced_ = get_protocol();
    buffered_ = std::move(protocol);
    plain_.reset();
}

std::shared_ptr<BaseProtocol> SocketTransport::get_protocol() const noexcept {
    return plain_ ? std::shared_ptr<BaseProtocol>(plain_) : buffered_;
}

SocketAddress SocketTransport::sockname() const noexcept {
    return stream_ ? stream_->socket().local_address() : SocketAddress();
}

Socket& SocketTransport::socket() noexcept { return stream_ ? stream_->socket() : none_; }

std::span<std::byte> SocketTransport::get_buffer(std::size_t hint) noexcept {
    std::span<std::byte> buffer;
    if (buffered_) {
        guard("get_buffer", [&] {
            buffer = buffered_->get_buffer(hint);
            if (buffer.empty()) {
                throw RuntimeError("get_buffer() returned an empty buffer");
            }
        });
    }
    return buffer;
}

void SocketTransport::on_buffer_filled(std::size_t count) noexcept {
    guard("buffer_updated", [&] {
        if (buffered_) {
            buffered_->buffer_updated(count);
        }
    });
}

void SocketTransport::on_data(std::string_view data) noexcept {
    guard("data_received", [&] {
        if (plain_) {
            plain_->data_received(data);
        }
    });
}

bool SocketTransport::on_eof() noexcept {
    bool keep_open = false;
    guard("eof_received",
          [&] { keep_open = plain_ ? plain_->eof_received() : buffered_->eof_received(); });
    return keep_open;
}

void SocketTransport::on_pause_writing() noexcept {
    guard_leniently("pause_writing", [&] { protocol().pause_writing(); });
}

void SocketTransport::on_resume_writing() noexcept {
    guard_leniently("resume_writing", [&] { protocol().resume_writing(); });
}

void SocketTransport::on_closed(const engine::Failure* failure) noexcept {
    std::exception_ptr error = std::move(callback_error_);
    if (!error && failure != nullptr) {
        error = make_system_error(*failure);
    }
    // May both be the last references: nothing of this object may be touched behind them.
    const auto self = delist();
    const auto last = get_protocol();
    replaced_.reset();
    guard_leniently("connection_lost", [&] { last->connection_lost(error); });
    plain_.reset();
    buffered_.reset();
}

void SocketTransport::finish_connection() noexcept {
    if (stream_) {
        stream_->end_input_when_answered();
    }
}

void SocketTransport::drop_connection() noexcept {
    stream_.reset();
    const auto self = delist();
    const auto last = get_protocol();
    replaced_.reset();
    plain_.reset();
    buffered_.reset();
}

} // namespace detail
} // namespace hocket
