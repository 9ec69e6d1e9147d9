#include "net/loop_thread.hpp"

#include <utility>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "net/server_state.hpp"

namespace hocket::detail {

LoopThread::LoopThread(EventLoop& home, std::string name, Ended ended)
    : home_(home), ended_(std::move(ended)), loop_(std::move(name)) {
    loop_.set_debug(home.get_debug());
}

LoopThread::~LoopThread() {
    if (thread_.joinable()) {
        tell(&ServerState::stop);
        thread_.join();
    }
}

void LoopThread::start(std::shared_ptr<ServerState> server) {
    server_ = std::move(server);
    is_open_ = true;
    thread_ = std::thread([this] { work(); });
}

bool LoopThread::take(Socket& socket, const SocketAddress& peer) {
    const std::lock_guard lock(mutex_);
    if (is_open_) {
        auto shared = std::make_shared<Socket>(std::move(socket)); // callbacks must be copyable
        loop_.call_soon_threadsafe(
            [server = server_, shared, peer] { server->welcome(std::move(*shared), peer); });
        ++taken_;
    }
    return is_open_;
}

bool LoopThread::is_open() noexcept {
    const std::lock_guard lock(mutex_);
    return is_open_;
}

std::size_t LoopThread::load() const noexcept {
    const ServerState::Traffic traffic = server_->traffic();
    return taken_ - traffic.welcomed + traffic.open;
}

void LoopThread::tell(void (ServerState::*operation)() noexcept) noexcept {
    try {
        post([operation](ServerState& server) { (server.*operation)(); });
    } catch (...) {
        report_exception(home_.core(), "cannot call into a server's loop",
                         std::current_exception());
    }
}

bool LoopThread::post(std::function<void(ServerState&)> function) {
    const std::lock_guard lock(mutex_);
    if (is_open_) {
        loop_.call_soon_threadsafe(
            [server = server_, function = std::move(function)] { function(*server); });
    }
    return is_open_;
}

void LoopThread::work() noexcept {
    try {
        loop_.run_until_complete(serve_until_drained(server_));
    } catch (...) {
        report_exception(loop_.core(), "a server's loop has ended early", std::current_exception());
    }
    {
        const std::lock_guard lock(mutex_);
        is_open_ = false;
    }
    try {
        close_loop(loop_);
        // By the time `ended` runs, this object and the server may be gone.
        home_.call_soon_threadsafe([this, ended = ended_] { ended(*this); });
    } catch (...) {
        report_thread_exception("error while closing a server's loop", std::current_exception());
    }
}

} // namespace hocket::detail
