#include <hocket/stream_writer.hpp>

#include <system_error>
#include <utility>

#include "net/sendfile.hpp"
#include "net/stream_state.hpp"

namespace hocket {

namespace detail {

Drain::Drain(std::shared_ptr<StreamState> stream) noexcept : stream_(std::move(stream)) {}

Drain::~Drain() = default;

Drain::operator Coro<void>() const { return await_in_coro<Drain>(stream_); }

bool Drain::await_ready() const {
    if (stream_->read_error()) {
        std::rethrow_exception(stream_->read_error());
    }
    return stream_->is_lost() || (!stream_->is_closing() && !stream_->is_writing_paused());
}

WaitQueue* Drain::waiters_if_paused() noexcept {
    return stream_->is_writing_paused() ? &stream_->drain_waiters() : nullptr;
}

void Drain::throw_if_lost() const {
    if (!stream_->is_lost()) {
        return;
    }
    if (stream_->error()) {
        std::rethrow_exception(stream_->error());
    }
    if (has_waited()) {
        return; // closed without an error while waiting: asyncio does not throw either
    }
    throw std::system_error(std::make_error_code(std::errc::connection_reset),
                            "drain the closed connection to " + stream_->peer_text());
}

WaitStreamClosed::WaitStreamClosed(std::shared_ptr<StreamState> stream) noexcept
    : stream_(std::move(stream)) {}

WaitStreamClosed::~WaitStreamClosed() = default;

WaitStreamClosed::operator Coro<void>() const { return await_in_coro<WaitStreamClosed>(stream_); }

bool WaitStreamClosed::await_ready() const noexcept { return stream_->is_lost(); }

WaitQueue& WaitStreamClosed::waiters() noexcept { return stream_->close_waiters(); }

void WaitStreamClosed::throw_if_broken() const {
    if (stream_->error()) {
        std::rethrow_exception(stream_->error());
    }
}

namespace {

Coro<> start_stream_tls(std::shared_ptr<StreamState> stream, std::shared_ptr<const TlsPlan> plan) {
    Drain draining(stream);
    co_await draining;
    auto handshake = std::make_shared<TlsHandshake>(stream->loop());
    stream->start_tls(*plan, handshake);
    co_await finish_handshake(handshake, stream);
}

} // namespace

} // namespace detail

StreamWriter::StreamWriter(std::shared_ptr<detail::StreamState> stream) noexcept
    : stream_(std::move(stream)) {
    stream_->add_writer();
}

StreamWriter::StreamWriter(const StreamWriter& other) noexcept : stream_(other.stream_) {
    if (stream_) {
        stream_->add_writer();
    }
}

StreamWriter::StreamWriter(StreamWriter&& other) noexcept = default;

StreamWriter& StreamWriter::operator=(StreamWriter other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
}

StreamWriter::~StreamWriter() {
    if (stream_) {
        stream_->remove_writer();
    }
}

void StreamWriter::write(std::string_view data) { stream_->write(data); }

bool StreamWriter::can_write_eof() const noexcept {
    const engine::Stream* const stream = stream_->stream();
    return stream == nullptr || stream->can_write_eof();
}

Coro<std::uint64_t> StreamWriter::sendfile(int file, SendfileOptions options) {
    return detail::sendfile_to_stream(stream_, file, options);
}

void StreamWriter::write_eof() {
    if (!can_write_eof()) {
        throw RuntimeError("write_eof() with TLS, which cannot close one direction only");
    }
    if (engine::Stream* const stream = stream_->stream()) {
        stream->write_eof();
    }
}

Coro<> StreamWriter::start_tls(const SSLContext& context, const StartTlsOptions& options) {
    StartTlsOptions side = options;
    side.server_side = stream_->is_servers();
    return detail::start_stream_tls(stream_, detail::plan_tls(context, side));
}

void StreamWriter::close() noexcept { stream_->close_connection(); }

void StreamWriter::abort() noexcept { stream_->abort_connection(); }

bool StreamWriter::is_closing() const noexcept { return stream_->is_closing(); }

SocketAddress StreamWriter::peername() const { return stream_->peer(); }

SocketAddress StreamWriter::sockname() const {
    auto* transport = stream_->transport();
    return transport != nullptr ? transport->socket().local_address() : SocketAddress();
}

Socket& StreamWriter::socket() const {
    if (stream_->transport() == nullptr) {
        throw RuntimeError("the event loop of this connection is closed");
    }
    return stream_->transport()->socket();
}

SSLObject StreamWriter::ssl_object() const { return stream_->ssl_object(); }

} // namespace hocket
