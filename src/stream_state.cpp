#include "stream_state.hpp"

#include <sys/socket.h>

#include <system_error>
#include <utility>

#include "event_loop_state.hpp"
#include "loop_network.hpp"
#include "report.hpp"

namespace hocket::detail {

StreamState::StreamState(EventLoop& loop, Socket socket, const SocketAddress& peer,
                         std::size_t limit)
    : loop_(loop), peer_(peer), input_(limit) {
    transport_.emplace(reactor_of(loop), std::move(socket), peer, *this);
    input_.set_transport(&*transport_);
}

StreamState::StreamState(EventLoop& loop, engine::PipeChannel pipe, std::size_t limit)
    : loop_(loop), pipe_name_(pipe.name()), input_(limit) {
    transport_.emplace(reactor_of(loop), std::move(pipe), *this);
    input_.set_transport(&*transport_);
}

std::shared_ptr<StreamState> StreamState::open(EventLoop& loop, Socket socket,
                                               const SocketAddress& peer, std::size_t limit,
                                               std::shared_ptr<ServerState> server) {
    if (peer.is_ip()) {
        socket.set_no_delay(true); // as asyncio does
    }
    auto state = std::make_shared<StreamState>(loop, std::move(socket), peer, limit);
    state->input_.set_owner(std::shared_ptr<ReadBuffer>(state, &state->input_));
    state->enlist(loop.state().network, std::move(server), state);
    state->transport_->start();
    return state;
}

std::shared_ptr<StreamState> StreamState::open_pipe(EventLoop& loop, engine::PipeChannel pipe,
                                                    std::size_t limit) {
    auto state = std::make_shared<StreamState>(loop, std::move(pipe), limit);
    state->enlist(loop.state().network, nullptr, state);
    state->transport_->start();
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
    if (!transport_) {
        return;
    }
    if (transport_->has_written_eof()) {
        throw RuntimeError("cannot call write() after write_eof()");
    }
    if (!transport_->write(data) && transport_->ignored_writes() == ignored_writes_to_report) {
        report_ignored_writes(loop_, peer_text());
    }
}

std::string StreamState::peer_text() const {
    return pipe_name_ != nullptr ? pipe_name_ : peer_.text();
}

void StreamState::close_connection() noexcept {
    if (transport_) {
        transport_->close();
    }
}

void StreamState::abort_connection() noexcept {
    if (transport_) {
        transport_->abort();
    }
}

void StreamState::finish_connection() noexcept {
    if (transport_) {
        transport_->end_input_when_answered();
    }
}

void StreamState::drop_connection() noexcept {
    input_.set_transport(nullptr);
    transport_.reset();
    lost_ = true;
    const auto self = delist();
}

std::span<std::byte> StreamState::get_buffer(std::size_t) noexcept { return input_.direct_space(); }

void StreamState::on_data(std::string_view data) noexcept {
    try {
        input_.feed_data(data);
    } catch (...) {
        report_exception(loop_.core(), "cannot buffer what was received", std::current_exception());
        transport_->abort();
    }
}

bool StreamState::on_eof() noexcept {
    input_.feed_eof();
    return true; // writing goes on
}

void StreamState::on_resume_writing() noexcept {
    writing_paused_ = false;
    drain_waiters_.release_all(Waiter::State::granted);
}

void StreamState::on_closed(const engine::Failure* failure) noexcept {
    lost_ = true;
    if (failure != nullptr) {
        error_ = make_system_error(*failure);
        input_.set_exception(error_);
    } else {
        input_.feed_eof();
    }
    drain_waiters_.release_all(Waiter::State::granted);
    close_waiters_.release_all(Waiter::State::granted);
    // May be the last reference: nothing of this object may be touched behind it.
    const auto self = delist();
}

void report_ignored_writes(EventLoop& loop, const std::string& peer) noexcept {
    ExceptionContext context;
    context.message = "write() was called " + std::to_string(ignored_writes_to_report) +
                      " times on the closed connection to " + peer +
                      ": what is written there goes nowhere";
    loop.call_exception_handler(context);
}

std::exception_ptr make_system_error(const engine::Failure& failure) {
    return std::make_exception_ptr(std::system_error(failure.code, failure.what));
}

} // namespace hocket::detail
