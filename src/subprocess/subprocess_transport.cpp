#include "subprocess/subprocess_transport.hpp"

#include <csignal>
#include <string>
#include <utility>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"

namespace hocket {

SubprocessProtocol::~SubprocessProtocol() = default;

void SubprocessTransport::terminate() { send_signal(SIGTERM); }
void SubprocessTransport::kill() { send_signal(SIGKILL); }

EventLoop& LoopPipes::loop() noexcept { return static_cast<EventLoop&>(*this); }

namespace detail {

/// Passes on the events of one of the program's pipes.
class ProgramTransport::Pipe final : public Protocol {
public:
    Pipe(std::shared_ptr<ProgramTransport> owner, int fd) : owner_(std::move(owner)), fd_(fd) {}
    ~Pipe() {
        if (owner_) { // the loop is closed: no more callbacks, and nothing to keep alive
            owner_->protocol_.reset();
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void data_received(std::string_view data) override {
        owner_->tell("pipe_data_received",
                     [&](auto& protocol) { protocol.pipe_data_received(fd_, data); });
    }
    void connection_lost(std::exception_ptr error) override {
        const auto owner = std::move(owner_);
        owner->pipe_lost(fd_, error);
    }
    void pause_writing() override {
        owner_->tell("pause_writing", [](auto& protocol) { protocol.pause_writing(); });
    }
    void resume_writing() override {
        owner_->tell("resume_writing", [](auto& protocol) { protocol.resume_writing(); });
    }

private:
    std::shared_ptr<ProgramTransport> owner_;
    const int fd_;
};

std::shared_ptr<ProgramTransport>
ProgramTransport::open(EventLoop& loop, StartedSubprocess& started,
                       std::shared_ptr<SubprocessProtocol> protocol) {
    auto transport = std::make_shared<ProgramTransport>(loop);
    transport->watch(started.pid, std::move(started.pidfd), transport);
    try {
        transport->connect_pipes(started);
    } catch (...) {
        transport->close();
        throw;
    }
    transport->protocol_ = std::move(protocol);
    transport->protocol_->transport_ = transport;
    transport->tell("connection_made", [&](auto& told) { told.connection_made(*transport); });
    return transport;
}

void ProgramTransport::connect_pipes(StartedSubprocess& started) {
    for (std::size_t i = 0; i < pipes_.size(); ++i) {
        if (started.pipes[i]) {
            const auto pipe = std::make_shared<Pipe>(shared_from_this(), static_cast<int>(i));
            pipes_[i] =
                SocketTransport::open_pipe(loop(), *std::move(started.pipes[i]), AnyProtocol(pipe));
            ++open_pipes_;
        }
    }
}

template <class Call> void ProgramTransport::tell(const char* what, Call call) noexcept {
    const auto told = protocol_; // kept alive during the call
    if (!told) {
        return;
    }
    try {
        call(*told);
    } catch (...) {
        report_exception(loop().core(), std::string("exception in a protocol's ") + what,
                         std::current_exception());
    }
}

std::shared_ptr<Transport> ProgramTransport::get_pipe_transport(int fd) const noexcept {
    return fd >= 0 && fd < 3 ? pipes_[static_cast<std::size_t>(fd)] : nullptr;
}

void ProgramTransport::close() noexcept {
    if (std::exchange(closing_, true)) {
        return;
    }
    for (const auto& pipe : pipes_) {
        if (pipe) {
            pipe->close();
        }
    }
    signal_quietly(SIGKILL, false);
}

void ProgramTransport::on_ended() noexcept {
    tell("process_exited", [](auto& protocol) { protocol.process_exited(); });
    finish_if_over();
}

void ProgramTransport::pipe_lost(int fd, const std::exception_ptr& error) noexcept {
    --open_pipes_;
    tell("pipe_connection_lost", [&](auto& protocol) { protocol.pipe_connection_lost(fd, error); });
    finish_if_over();
}

void ProgramTransport::finish_if_over() noexcept {
    if (returncode() && open_pipes_ == 0) {
        tell("connection_lost", [](auto& protocol) { protocol.connection_lost(nullptr); });
        protocol_.reset();
    }
}

void ProgramTransport::drop() noexcept {
    const auto self = shared_from_this();
    RunningProgram::drop();
    protocol_.reset();
}

std::shared_ptr<SubprocessTransport>
start_program(EventLoop& loop, SubprocessRequest& request,
              const std::function<std::shared_ptr<SubprocessProtocol>()>& make) {
    require_usable(loop);
    std::shared_ptr<SubprocessProtocol> protocol = make();
    if (!protocol) {
        throw ValueError("the protocol factory returned no protocol");
    }
    StartedSubprocess started = start_subprocess(request);
    return ProgramTransport::open(loop, started, std::move(protocol));
}

} // namespace detail
} // namespace hocket
