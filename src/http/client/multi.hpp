#pragma once

#include <memory>
#include <vector>

#include <curl/curl.h>

#include "engine/reactor.hpp"

namespace hocket::http::detail {

/// Is told which transfers of a Multi have ended.
class TransferListener {
public:
    virtual void on_transfer_end(CURL* easy, CURLcode result) noexcept = 0;

protected:
    ~TransferListener() = default;
};

/// libcurl's multi handle, driven by a reactor. Belongs to the loop's thread.
class Multi final : private engine::TurnEnd, private engine::Timer {
public:
    /// Throws std::bad_alloc.
    Multi(engine::Reactor& reactor, TransferListener& listener);
    ~Multi();
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;

    [[nodiscard]] CURLM* handle() const noexcept { return multi_; }
    /// Starts a transfer, at the end of the turn.
    void add(CURL* easy);
    /// Ends a transfer, whether it is running or has ended. Its connection is closed if it cannot
    /// be used again.
    void remove(CURL* easy) noexcept;
    /// Pauses and continues a transfer's directions (CURLPAUSE_RECV, CURLPAUSE_SEND). May call the
    /// transfer's callbacks.
    void pause(CURL* easy, int directions) noexcept;
    /// When libcurl last ran: coarse, but free.
    [[nodiscard]] engine::Nanoseconds driven_at() const noexcept { return driven_at_; }
    /// Sets up an easy handle so that this class learns of its sockets.
    void watch_sockets_of(CURL* easy) noexcept;

private:
    /// A socket of libcurl.
    class Socket final : public engine::Watcher {
    public:
        explicit Socket(Multi& multi) noexcept : multi_(multi) {}
        void on_ready(std::uint32_t events) noexcept override;

        std::uint32_t wanted = 0; // what libcurl waits for
        bool is_changed = false;  // `wanted` is not applied yet
        bool is_owned = false;    // opened by open_socket: its end will be reported

    private:
        Multi& multi_;
    };

    void on_turn_end() noexcept override;
    void expire() noexcept override;
    void act(curl_socket_t fd, int events) noexcept;
    void settle() noexcept;
    void apply(int fd, Socket& socket) noexcept;
    [[nodiscard]] Socket& socket_of(int fd);

    static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) noexcept;
    static int on_timer(CURLM* multi, long milliseconds, void* self) noexcept;
    static int close_socket(void* self, curl_socket_t fd) noexcept;

    engine::Reactor& reactor_;
    TransferListener& listener_;
    CURLM* multi_;
    std::vector<std::unique_ptr<Socket>> sockets_; // by descriptor
    std::vector<int> changed_;
    engine::Nanoseconds driven_at_ = 0;

public:
    /// For CURLOPT_OPENSOCKETFUNCTION: opens a socket whose end this class will learn.
    [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address) noexcept;
};

} // namespace hocket::http::detail
