#include "net/server_state.hpp"

#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "loop/context_scope.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"
#include "loop/report.hpp"
#include "net/loop_thread.hpp"

namespace hocket::detail {

ServerState::ServerState(EventLoop& loop, std::vector<Socket> bound, Welcome welcome, int backlog)
    : loop_(loop),
      network_(&loop.state().network),
      welcome_(std::move(welcome)),
      backlog_(backlog),
      context_(current_context()) {
    for (Socket& socket : bound) {
        listeners_.push_back(
            std::make_unique<engine::Listener>(network_->reactor(), std::move(socket), *this));
    }
    enter_loop(*network_, nullptr);
}

ServerState::~ServerState() {
    close();
    if (is_linked()) {
        static_cast<void>(leave_loop());
    }
}

std::vector<SocketAddress> ServerState::addresses() const {
    std::vector<SocketAddress> all;
    for (const auto& listener : listeners_) {
        all.push_back(listener->socket().local_address());
    }
    return all;
}

std::vector<int> ServerState::descriptors() const {
    std::vector<int> all;
    for (const auto& listener : listeners_) {
        all.push_back(listener->socket().fileno());
    }
    return all;
}

void ServerState::clean_up_on_close(std::string path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
        paths_.push_back({std::move(path), info.st_dev, info.st_ino});
    }
}

void ServerState::start_serving() {
    if (serving_) {
        return;
    }
    for (const auto& listener : listeners_) {
        if (const auto error = listener->start(backlog_)) {
            throw std::system_error(error,
                                    "listen on " + listener->socket().local_address().text());
        }
    }
    serving_ = true;
    self_ = shared_from_this();
}

void ServerState::spread(std::size_t loops,
                         const std::function<Welcome(EventLoop&)>& make_welcome) {
    is_spread_ = true;
    const auto ended = [weak = weak_from_this()](const LoopThread& thread) {
        if (const auto server = weak.lock()) {
            server->thread_ended(thread);
        }
    };
    for (std::size_t i = 0; i < loops; ++i) {
        auto thread = std::make_unique<LoopThread>(loop_, "server-" + std::to_string(i + 1), ended);
        EventLoop& loop = thread->loop();
        thread->start(std::make_shared<ServerState>(loop, std::vector<Socket>(), make_welcome(loop),
                                                    backlog_));
        threads_.push_back(std::move(thread));
    }
}

void ServerState::on_each_thread(void (ServerState::*operation)() noexcept) noexcept {
    for (const auto& thread : threads_) {
        thread->tell(operation);
    }
}

void ServerState::thread_ended(const LoopThread& thread) noexcept {
    if (std::erase_if(threads_, [&](const auto& each) { return each.get() == &thread; }) != 0) {
        finish_if_done();
    }
}

/// Chooses the thread with the fewest connections; threads with equally many take turns.
void ServerState::assign_connection(Socket socket, const SocketAddress& peer) {
    LoopThread* chosen = nullptr;
    do {
        chosen = nullptr;
        for (std::size_t i = 0; i < threads_.size(); ++i) {
            LoopThread& each = *threads_[(next_thread_ + i) % threads_.size()];
            if (each.is_open() && (chosen == nullptr || each.load() < chosen->load())) {
                chosen = &each;
            }
        }
        if (chosen == nullptr) {
            throw RuntimeError("every loop of the server has ended");
        }
    } while (!chosen->take(socket, peer)); // repeat if it has ended in the meantime
    ++next_thread_;
}

void ServerState::close() noexcept {
    if (std::exchange(closed_, true)) {
        return;
    }
    serving_ = false;
    for (const Path& path : paths_) {
        struct stat info {};
        if (::stat(path.name.c_str(), &info) == 0 && info.st_dev == path.device &&
            info.st_ino == path.inode) {
            ::unlink(path.name.c_str());
        }
    }
    for (const auto& listener : listeners_) {
        listener->stop();
    }
    forever_waiters.release_all(Waiter::State::granted);
    on_each_thread(&ServerState::close);
    finish_if_done();
}

void ServerState::close_clients() noexcept {
    on_each_thread(&ServerState::close_clients);
    for_each_client(&TrackedConnection::close_connection);
}

void ServerState::abort_clients() noexcept {
    on_each_thread(&ServerState::abort_clients);
    for_each_client(&TrackedConnection::abort_connection);
}

void ServerState::finish_clients() noexcept {
    on_each_thread(&ServerState::finish_clients);
    for_each_client(&TrackedConnection::finish_connection);
}

void ServerState::for_each_client(void (TrackedConnection::*call)() noexcept) noexcept {
    for (TrackedConnection* client = clients_.front(); client != nullptr;) {
        TrackedConnection* const next = clients_.after(*client);
        (client->*call)(); // the client leaves the list later, not within the call
        client = next;
    }
}

void ServerState::cancel_handlers() noexcept {
    on_each_thread(&ServerState::cancel_handlers);
    for (RunningHandler* each = handlers_.front(); each != nullptr; each = handlers_.after(*each)) {
        cancel_or_report(each->task()); // the task runs later, not within the call
    }
}

void ServerState::stop() noexcept {
    close();
    abort_clients();
    cancel_handlers();
    stopped_ = true;
    drain_waiters_.release_all(Waiter::State::granted);
}

void ServerState::drop() noexcept {
    const auto keep = self_;
    threads_.clear(); // ends the threads
    while (TrackedConnection* client = clients_.front()) {
        client->drop();
    }
    close();
    finish_if_done(); // if it was closed before, it was waiting for its threads
    listeners_.clear();
    static_cast<void>(leave_loop());
}

void ServerState::client_came() noexcept { open_.fetch_add(1, std::memory_order_relaxed); }

void ServerState::client_left() noexcept {
    open_.fetch_sub(1, std::memory_order_relaxed);
    finish_if_done();
}

void ServerState::handler_left() noexcept {
    if (is_drained()) {
        drain_waiters_.release_all(Waiter::State::granted);
    }
}

void ServerState::finish_if_done() noexcept {
    if (closed_ && !finished_ && clients_.empty() && threads_.empty()) {
        finished_ = true;
        closed_waiters_.release_all(Waiter::State::granted);
        handler_left();
        // This may be the last reference: do not touch this object after it is released.
        const auto last = std::move(self_);
    }
}

void ServerState::on_accept(Socket socket, const SocketAddress& peer) noexcept {
    const auto keep = self_;
    if (!is_spread_) {
        welcome(std::move(socket), peer);
        return;
    }
    try {
        assign_connection(std::move(socket), peer);
    } catch (...) {
        report_exception(loop_.core(), "error while handing an accepted connection to a loop",
                         std::current_exception());
    }
}

void ServerState::welcome(Socket socket, const SocketAddress& peer) noexcept {
    const auto keep = shared_from_this();
    const ContextScope scope(&context_);
    try {
        welcome_(std::move(socket), peer, keep);
    } catch (...) {
        report_exception(loop_.core(), "error while setting up an accepted connection",
                         std::current_exception());
    }
    welcomed_.fetch_add(1, std::memory_order_relaxed);
}

void ServerState::on_accept_failed(const engine::Failure& failure) noexcept {
    report_exception(loop_.core(), "a server cannot accept connections for now",
                     std::make_exception_ptr(std::system_error(failure.code, failure.what)));
}

} // namespace hocket::detail
