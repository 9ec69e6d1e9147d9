#include "net/socket_transport.hpp"

#include <utility>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"
#include "loop/report.hpp"
#include "net/graceful_protocol.hpp"
#include "net/stream_state.hpp"
#include "net/write_limits.hpp"

namespace hocket {

BaseProtocol::~BaseProtocol() = default;

namespace detail {

SocketTransport::SocketTransport(EventLoop& loop, Socket socket, const SocketAddress& peer)
    : loop_(loop), layers_(loop, std::move(socket), peer, *this) {}

SocketTransport::SocketTransport(EventLoop& loop, engine::PipeChannel pipe)
    : loop_(loop), only_reads_(!pipe.is_for_writing()), layers_(loop, std::move(pipe), *this) {}

std::shared_ptr<SocketTransport>
SocketTransport::open(EventLoop& loop, Socket socket, const SocketAddress& peer,
                      AnyProtocol protocol, std::shared_ptr<ServerState> server,
                      const TlsPlan* plan, std::shared_ptr<TlsHandshake> handshake) {
    if (peer.is_ip()) {
        socket.set_no_delay(true); // as asyncio does
    }
    auto transport = std::make_shared<SocketTransport>(loop, std::move(socket), peer);
    if (plan != nullptr) {
        transport->layers_.add_tls(loop, *plan, *transport);
        handshake->when_done(*transport, [made = transport.get()] { made->make_connection(); });
        transport->handshake_ = std::move(handshake);
    }
    transport->begin(std::move(protocol), std::move(server));
    return transport;
}

std::shared_ptr<SocketTransport>
SocketTransport::open_pipe(EventLoop& loop, engine::PipeChannel pipe, AnyProtocol protocol) {
    auto transport = std::make_shared<SocketTransport>(loop, std::move(pipe));
    transport->begin(std::move(protocol), nullptr);
    return transport;
}

void SocketTransport::begin(AnyProtocol protocol, std::shared_ptr<ServerState> server) {
    if (!protocol.plain && !protocol.buffered) {
        throw ValueError("the protocol factory returned no protocol");
    }
    plain_ = std::move(protocol.plain);
    buffered_ = std::move(protocol.buffered);
    this->protocol().transport_ = shared_from_this();
    enlist(loop_.state().network, std::move(server), shared_from_this());
    if (layers_.tls() != nullptr) {
        layers_.tls()->start();
    } else {
        make_connection();
    }
    // Start even if the protocol has already closed the transport: the data it wrote must still go
    // out.
    layers_.socket()->start();
}

void SocketTransport::make_connection() noexcept {
    made_ = true;
    guard("connection_made", [&] { protocol().connection_made(*this); });
}

void SocketTransport::start_tls(AnyProtocol protocol, const TlsPlan& plan,
                                std::shared_ptr<TlsHandshake> handshake) {
    if (layers_.tls() != nullptr) {
        throw RuntimeError("start_tls() on a connection that speaks TLS already");
    }
    if (is_closing()) {
        throw RuntimeError("start_tls() on a connection that is closing");
    }
    layers_.add_tls(loop_, plan, *this);
    handshake_ = std::move(handshake);
    switch_to(std::move(protocol));
    layers_.tls()->start();
    layers_.socket()->resume_reading();
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
    engine::Stream* const out = stream();
    if (out == nullptr) {
        return;
    }
    if (only_reads_) {
        throw RuntimeError("cannot write to a pipe that was connected to read from it");
    }
    if (out->has_written_eof()) {
        throw RuntimeError("cannot call write() after write_eof()");
    }
    if (layers_.socket()->is_sending_directly()) {
        throw RuntimeError("unable to write; sendfile is in progress");
    }
    if (!out->write(data) && out->ignored_writes() == ignored_writes_to_report) {
        report_ignored_writes(loop_, layers_.socket()->peer_text());
    }
}

bool SocketTransport::can_write_eof() const noexcept {
    return !only_reads_ && (stream() == nullptr || stream()->can_write_eof());
}

void SocketTransport::write_eof() {
    if (!can_write_eof()) {
        throw RuntimeError(only_reads_
                               ? "write_eof() on a pipe that was connected to read from it"
                               : "write_eof() with TLS, which cannot close one direction only");
    }
    if (stream() != nullptr) {
        stream()->write_eof();
    }
}

void SocketTransport::close() noexcept {
    if (stream() != nullptr) {
        stream()->close();
    }
}

void SocketTransport::abort() noexcept {
    if (stream() != nullptr) {
        stream()->abort();
    }
}

bool SocketTransport::is_closing() const noexcept {
    return stream() == nullptr || stream()->is_closing();
}

void SocketTransport::pause_reading() noexcept {
    if (stream() != nullptr) {
        stream()->pause_reading();
    }
}

void SocketTransport::resume_reading() noexcept {
    if (stream() != nullptr) {
        stream()->resume_reading();
    }
}

bool SocketTransport::is_reading() const noexcept {
    return stream() != nullptr && stream()->is_reading();
}

void SocketTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                              std::optional<std::size_t> low) {
    if (stream() != nullptr) {
        set_write_limits(*stream(), high, low);
    }
}

std::pair<std::size_t, std::size_t> SocketTransport::get_write_buffer_limits() const noexcept {
    return stream() != nullptr ? std::pair(stream()->low_water(), stream()->high_water())
                               : std::pair<std::size_t, std::size_t>(0, 0);
}

std::size_t SocketTransport::get_write_buffer_size() const noexcept {
    return stream() != nullptr ? stream()->write_buffer_size() : 0;
}

void SocketTransport::set_protocol(std::shared_ptr<Protocol> protocol) {
    switch_to(AnyProtocol(protocol));
}

void SocketTransport::set_protocol(std::shared_ptr<BufferedProtocol> protocol) {
    switch_to(AnyProtocol(protocol));
}

void SocketTransport::switch_to(AnyProtocol protocol) {
    if (!protocol.plain && !protocol.buffered) {
        throw ValueError("set_protocol: there is no protocol");
    }
    replaced_ = get_protocol();
    plain_ = std::move(protocol.plain);
    buffered_ = std::move(protocol.buffered);
    this->protocol().transport_ = shared_from_this();
}

std::shared_ptr<BaseProtocol> SocketTransport::get_protocol() const noexcept {
    return plain_ ? std::shared_ptr<BaseProtocol>(plain_) : buffered_;
}

SocketAddress SocketTransport::sockname() const noexcept {
    return layers_.is_dropped() ? SocketAddress() : layers_.socket()->socket().local_address();
}

Socket& SocketTransport::socket() noexcept {
    return layers_.is_dropped() ? none_ : layers_.socket()->socket();
}

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

void SocketTransport::on_handshake_done() noexcept {
    if (const auto handshake = std::move(handshake_)) {
        handshake->succeed();
    }
}

void SocketTransport::on_closed(const engine::Failure* failure) noexcept {
    std::exception_ptr error = std::move(callback_error_);
    if (!error && failure != nullptr) {
        error = make_system_error(*failure);
    }
    // These may be the last references: do not touch this object after they are released.
    const auto self = delist();
    const auto last = get_protocol();
    replaced_.reset();
    if (const auto handshake = std::move(handshake_)) {
        handshake->fail(error);
    }
    if (made_) {
        guard_leniently("connection_lost", [&] { last->connection_lost(error); });
    }
    plain_.reset();
    buffered_.reset();
}

void SocketTransport::finish_connection() noexcept {
    if (auto* const graceful = dynamic_cast<GracefulProtocol*>(plain_.get()); graceful && made_) {
        graceful->finish();
    } else if (stream() != nullptr) {
        stream()->end_input_when_answered();
    }
}

void SocketTransport::drop() noexcept {
    handshake_.reset();
    layers_.drop();
    const auto self = delist();
    const auto last = get_protocol();
    replaced_.reset();
    plain_.reset();
    buffered_.reset();
}

} // namespace detail
} // namespace hocket
