#include "net/send_directly.hpp"

#include <exception>
#include <system_error>
#include <utility>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/errors.hpp>

#include "engine/file_send.hpp"
#include "net/send_pieces.hpp"

namespace hocket::detail {

namespace {

using engine::FileSend;

/// Awaits the end of sending a file over a transport. Must be a named local of the coroutine that
/// awaits it.
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
        transport_.start_direct_send(*this); // may end the transport
    }
    void await_resume() {
        task_->throw_if_cancelled();
        if (failure_) {
            throw std::system_error(failure_->code, failure_->what);
        }
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "sendfile"}; }

private:
    bool cancel(std::string_view) noexcept override {
        if (!is_sending_) {
            return false;
        }
        stop();
        task_->interrupt();
        return true;
    }
    bool send_some(engine::Socket& socket) noexcept override {
        const FileSend::State state = file_.advance(socket.fileno());
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
                                                                 "was closed while sending"};
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

} // namespace

Coro<std::optional<std::uint64_t>> send_directly(engine::StreamTransport& transport, int file,
                                                 SendfileOptions options) {
    if (transport.is_sending_directly()) {
        throw RuntimeError("sendfile is in progress on this connection already");
    }
    FileSend sending(file, options.offset, options.count);
    std::uint64_t sent = 0;
    const PositionBehind position(file, options.offset, sent);
    std::exception_ptr failure;
    try {
        SendDirectly all_of_it(transport, sending);
        co_await all_of_it;
    } catch (...) {
        failure = std::current_exception();
    }
    sent = sending.sent();
    if (failure && sending.is_unavailable()) {
        if (!options.fallback) {
            throw_sendfile_unavailable(sending.error());
        }
        co_return std::nullopt;
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return sent;
}

} // namespace hocket::detail
