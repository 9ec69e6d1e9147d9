#include "http/client/multi.hpp"

#include <new>

#include <sys/socket.h>
#include <unistd.h>

namespace hocket::http::detail {

using engine::Nanoseconds;

Multi::Multi(engine::Reactor& reactor, TransferListener& listener)
    : reactor_(reactor), listener_(listener), multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

Multi::~Multi() {
    curl_multi_cleanup(multi_); // closes the idle connections
    for (auto& socket : sockets_) {
        if (socket) reactor_.poller().remove(*socket);
    }
    reactor_.cancel_turn_end(*this);
    if (is_armed()) reactor_.timers().cancel(*this);
}

void Multi::watch_sockets_of(CURL* easy) noexcept {
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Multi::close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void Multi::add(CURL* easy) {
    // libcurl asks for a timer of 0 ms, so the transfers that were added in a turn start together.
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) throw std::bad_alloc();
}

void Multi::remove(CURL* easy) noexcept {
    curl_multi_remove_handle(multi_, easy);
    settle();
}

void Multi::pause(CURL* easy, int directions) noexcept {
    curl_easy_pause(easy, directions);
    settle();
}

void Multi::on_turn_end() noexcept { act(CURL_SOCKET_TIMEOUT, 0); }

void Multi::expire() noexcept { act(CURL_SOCKET_TIMEOUT, 0); }

void Multi::act(curl_socket_t fd, int events) noexcept {
    driven_at_ = engine::Reactor::now();
    int running = 0;
    curl_multi_socket_action(multi_, fd, events, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) {
            listener_.on_transfer_end(message->easy_handle, message->data.result);
        }
    }
    settle();
}

// While it runs, libcurl changes its mind about a socket several times. Only what it wants in the
// end is told to the kernel.
void Multi::settle() noexcept {
    for (const int fd : changed_) {
        Socket& socket = *sockets_[static_cast<std::size_t>(fd)];
        socket.is_changed = false;
        apply(fd, socket);
    }
    changed_.clear();
}

void Multi::apply(int fd, Socket& socket) noexcept {
    // A connection between two transfers stays registered, because the next one will want the same.
    if (socket.wanted == 0 || (socket.is_watching() && socket.interest() == socket.wanted)) return;
    std::error_code error;
    if (socket.is_watching()) {
        error = reactor_.poller().change(socket, socket.wanted);
    } else {
        error = reactor_.poller().add(socket, fd, socket.wanted);
    }
    // libcurl finds out by itself when it uses the socket: let it do so at once.
    if (error) reactor_.at_turn_end(*this);
}

void Multi::Socket::on_ready(std::uint32_t events) noexcept {
    if (wanted == 0) {
        // An idle connection: the server has closed it, which libcurl sees when it would use it.
        multi_.reactor_.poller().remove(*this);
        return;
    }
    const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    int flags = is_broken ? CURL_CSELECT_ERR : 0;
    if (is_broken || (events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
    multi_.act(watched_fd(), flags);
}

Multi::Socket& Multi::socket_of(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= sockets_.size()) sockets_.resize(index + 1);
    if (!sockets_[index]) sockets_[index] = std::make_unique<Socket>(*this);
    return *sockets_[index];
}

int Multi::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept {
    Multi& multi = *static_cast<Multi*>(self);
    try {
        Socket& socket = multi.socket_of(fd);
        socket.wanted =
            ((what & CURL_POLL_IN) != 0 && what != CURL_POLL_REMOVE ? Socket::readable : 0U) |
            ((what & CURL_POLL_OUT) != 0 && what != CURL_POLL_REMOVE ? Socket::writable : 0U);
        if (what == CURL_POLL_REMOVE && !socket.is_owned) {
            multi.reactor_.poller().remove(socket);
        } else if (!socket.is_changed) {
            multi.changed_.push_back(fd);
            socket.is_changed = true;
        }
        return 0;
    } catch (const std::bad_alloc&) {
        return -1;
    }
}

int Multi::on_timer(CURLM*, long milliseconds, void* self) noexcept {
    Multi& multi = *static_cast<Multi*>(self);
    if (multi.is_armed()) multi.reactor_.timers().cancel(multi);
    if (milliseconds == 0) {
        multi.reactor_.at_turn_end(multi);
    } else if (milliseconds > 0) {
        try {
            multi.reactor_.timers().arm(multi, engine::Reactor::now() +
                                                   Nanoseconds{1'000'000} * milliseconds);
        } catch (const std::bad_alloc&) {
            return -1;
        }
    }
    return 0;
}

curl_socket_t Multi::open_socket(const curl_sockaddr& address) noexcept {
    const int fd =
        ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    try {
        socket_of(fd).is_owned = true;
    } catch (const std::bad_alloc&) {
        ::close(fd);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

int Multi::close_socket(void* self, curl_socket_t fd) noexcept {
    Multi& multi = *static_cast<Multi*>(self);
    Socket& socket = multi.socket_of(fd);
    multi.reactor_.poller().remove(socket);
    socket.wanted = 0;
    socket.is_owned = false;
    return ::close(fd);
}

} // namespace hocket::http::detail
