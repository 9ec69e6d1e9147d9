#include "net/stream_state.hpp"

#include <sys/socket.h>

#include <system_error>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/ssl_error.hpp>

#include "engine/tls_failure.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"
#include "loop/report.hpp"

namespace hocket::detail {

StreamState::StreamState(EventLoop& loop, Socket socket, const SocketAddress& peer,
                         std::size_t limit)
    : loop_(loop), input_(limit), layers_(loop, std::move(socket), peer, *this) {
    input_.set_transport(stream());
}

StreamState::StreamState(EventLoop& loop, engine::PipeChannel pipe, std::size_t limit)
    : loop_(loop), pipe_name_(pipe.name()), input_(limit), layers_(loop, std::move(pipe), *this) {
    input_.set_transport(stream());
}

std::shared_ptr<StreamState> StreamState::open(EventLoop& loop, Socket socket,
                                               const SocketAddress& peer, std::size_t limit,
                                               std::shared_ptr<ServerState> server,
                                               const TlsPlan* plan,
                                               std::shared_ptr<TlsHandshake> handshake) {
    if (peer.is_ip()) {
        socket.set_no_delay(true); // as asyncio does
    }
    auto state = std::make_shared<StreamState>(loop, std::move(socket), peer, limit);
    state->input_.set_owner(std::shared_ptr<ReadBuffer>(state, &state->input_));
    state->is_servers_ = server != nullptr;
    if (plan != nullptr) {
        state->start_tls(*plan, std::move(handshake));
    }
    state->enlist(loop.state().network, std::move(server), state);
    state->transport()->start();
    return state;
}

void StreamState::start_tls(const TlsPlan& plan, std::shared_ptr<TlsHandshake> handshake) {
    if (pipe_name_ != nullptr) {
        throw RuntimeError("start_tls() on a pipe");
    }
    if (layers_.tls() != nullptr) {
        throw RuntimeError("start_tls() on a connection that speaks TLS already");
    }
    if (is_closing() || input_.has_eof()) {
        throw RuntimeError("start_tls() on a connection that is closing");
    }
    layers_.add_tls(loop_, plan, *this);
    handshake_ = std::move(handshake);
    const std::string received(input_.data());
    input_.consume(received.size()); // also resumes the socket if it was paused
    input_.set_transport(stream());
    layers_.tls()->start(received);
}

std::shared_ptr<StreamState> StreamState::open_pipe(EventLoop& loop, engine::PipeChannel pipe,
                                                    std::size_t limit) {
    auto state = std::make_shared<StreamState>(loop, std::move(pipe), limit);
    state->enlist(loop.state().network, nullptr, state);
    state->transport()->start();
    return state;
}

StreamReader StreamState::pipe_reader() {
    struct Holder {
        explicit Holder(std::shared_ptr<StreamState> held) : state(std::move(held)) {}
        ~Holder() { state->close_connection(); }
        Holder(const Holder&) = delete;
        Holder& operator=(const Holder&) = delete;
        const std::shared_ptr<StreamState> state;
    };
    const std::shared_ptr<ReadBuffer> buffer(std::make_shared<Holder>(shared_from_this()), &input_);
    input_.set_owner(buffer);
    return StreamReader(buffer);
}

StreamReader StreamState::reader() {
    return StreamReader(std::shared_ptr<ReadBuffer>(shared_from_this(), &input_));
}

void StreamState::remove_writer() noexcept {
    if (--writers_ == 0) {
        close_connection();
    }
}

void StreamState::write(std::string_view data) {
    engine::Stream* const out = stream();
    if (out == nullptr) {
        return;
    }
    if (out->has_written_eof()) {
        throw RuntimeError("cannot call write() after write_eof()");
    }
    if (layers_.socket()->is_sending_directly()) {
        throw RuntimeError("unable to write; sendfile is in progress");
    }
    if (!out->write(data) && out->ignored_writes() == ignored_writes_to_report) {
        report_ignored_writes(loop_, peer_text());
    }
}

std::string StreamState::peer_text() const {
    return pipe_name_ != nullptr ? pipe_name_ : peer().text();
}

void StreamState::close_connection() noexcept {
    if (stream() != nullptr) {
        stream()->close();
    }
}

void StreamState::abort_connection() noexcept {
    if (stream() != nullptr) {
        stream()->abort();
    }
}

void StreamState::finish_connection() noexcept {
    if (stream() != nullptr) {
        stream()->end_input_when_answered();
    }
}

void StreamState::drop() noexcept {
    input_.set_transport(nullptr);
    handshake_.reset();
    layers_.drop();
    lost_ = true;
    const auto self = delist();
}

std::span<std::byte> StreamState::get_buffer(std::size_t) noexcept { return input_.direct_space(); }

void StreamState::on_data(std::string_view data) noexcept {
    try {
        input_.feed_data(data);
    } catch (...) {
        report_exception(loop_.core(), "cannot buffer what was received", std::current_exception());
        abort_connection();
    }
}

bool StreamState::on_eof() noexcept {
    input_.feed_eof();
    return true; // writing continues
}

void StreamState::on_handshake_done() noexcept {
    if (const auto handshake = std::move(handshake_)) {
        handshake->succeed();
    }
}

void StreamState::on_resume_writing() noexcept {
    writing_paused_ = false;
    drain_waiters_.release_all(Waiter::State::granted);
}

void StreamState::on_closed(const engine::Failure* failure) noexcept {
    lost_ = true;
    if (failure != nullptr) {
        error_ = make_system_error(*failure);
        if (failure->code == engine::unexpected_tls_eof()) {
            input_.set_exception_behind_data(error_); // the data received before it is still valid
        } else {
            input_.set_exception(error_);
        }
    } else {
        input_.feed_eof();
    }
    drain_waiters_.release_all(Waiter::State::granted);
    close_waiters_.release_all(Waiter::State::granted);
    if (const auto handshake = std::move(handshake_)) {
        handshake->fail(error_);
    }
    // This may be the last reference: do not touch this object after it is released.
    const auto self = delist();
}

void report_ignored_writes(EventLoop& loop, const std::string& peer) noexcept {
    ExceptionContext context;
    context.message = "write() was called " + std::to_string(ignored_writes_to_report) +
                      " times on the closed connection to " + peer + ": the data was discarded";
    loop.call_exception_handler(context);
}

std::exception_ptr make_system_error(const engine::Failure& failure) {
    if (failure.code == engine::unexpected_tls_eof()) {
        return std::make_exception_ptr(SSLEOFError(failure.code, failure.what));
    }
    if (failure.code.category() == engine::tls_verify_category()) {
        return std::make_exception_ptr(SSLCertVerificationError(failure.code, failure.what));
    }
    if (failure.code.category() == engine::tls_category()) {
        return std::make_exception_ptr(SSLError(failure.code, failure.what));
    }
    return std::make_exception_ptr(std::system_error(failure.code, failure.what));
}

} // namespace hocket::detail
