#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <curl/curl.h>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/timer.hpp>
#include <hocket/event.hpp>
#include <hocket/http/client_options.hpp>
#include <hocket/http/client_response.hpp>

#include "http/client/curl_pointers.hpp"
#include "http/client/upload.hpp"

namespace hocket::http::detail {

class ClientRequest;
class Multi;
class SessionState;
struct Failure;
struct TlsConnection;

/// One request and its response on an easy handle of libcurl, which is used again and again. At
/// most one task waits for it.
class Exchange final : public engine::ListLink, private engine::Timer, private UploadOwner {
public:
    explicit Exchange(SessionState& session);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Starts the transfer. `request` must live until `reset`. A streamed response's body waits in
    /// `received` until it is taken.
    void start(const ClientRequest& request, Uploads uploads, bool is_streamed);
    /// Ends the transfer if it still runs, and makes this ready for the next `start`.
    void reset() noexcept;
    /// Called when libcurl has ended the transfer.
    void end(CURLcode result) noexcept;
    /// Called when the session is closed. `wakes`: whether the loop still runs the waiting task.
    void abandon(bool wakes) noexcept;

    [[nodiscard]] bool has_ended() const noexcept { return how_ != How::running; }
    [[nodiscard]] bool has_head() const noexcept { return has_head_; }
    /// Wakes the task when the state changes: an end, a head, or data to read.
    [[nodiscard]] Event& changed() noexcept { return changed_; }
    /// Throws the error that ended the transfer, if one did.
    void throw_failure() const;
    /// Called when the server's certificate is refused. `problem` follows "the certificate of
    /// HOST".
    void on_refused_certificate(std::string problem) noexcept {
        certificate_problem_ = std::move(problem);
    }
    /// The host of the request that is running.
    [[nodiscard]] std::string host() const;
    /// The response; its elapsed time ends now.
    [[nodiscard]] ClientResponse take_response();

    [[nodiscard]] bool has_received() const noexcept { return !received_.empty(); }
    /// The data received since the last call; receiving continues.
    [[nodiscard]] std::string take_received();

private:
    enum class How : std::uint8_t {
        running,
        finished,
        failed,    // see result_
        timed_out, // in phase_
        header_too_large,
        body_too_large,
        upload_failed,
        abandoned,
    };
    enum class Phase : std::uint8_t { pool, connect, write, read };

    // exchange_setup.cpp
    void configure();
    void set_method(const ClientRequest& request);
    void set_headers(const ClientRequest& request);
    void set_body(const ClientRequest& request, const Uploads& uploads);
    void set_form(const ClientRequest& request, const Uploads& uploads);

    [[noreturn]] void throw_curl_failure(const Failure& failure) const;
    void finish(How how) noexcept;
    void stop(How how) noexcept;
    void enter(Phase phase) noexcept;
    void expire() noexcept override;
    void on_upload_data() noexcept override;
    void on_upload_failure(std::exception_ptr error) noexcept override;
    void update_pauses() noexcept;
    [[nodiscard]] bool is_sending_content() noexcept;
    [[nodiscard]] const char* why_incomplete() const noexcept;
    void note_how_body_ends();
    [[nodiscard]] bool add_header_line(std::string_view line);
    void begin_head(std::string_view status_line);
    [[nodiscard]] std::size_t receive(std::string_view data);
    [[nodiscard]] const Timeout::Limit& limit_of(Phase phase) const noexcept;
    [[nodiscard]] Multi& multi() const noexcept;

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_read(char* into, std::size_t size, std::size_t count,
                               void* self) noexcept;
    static std::size_t on_part_read(char* into, std::size_t size, std::size_t count,
                                    void* upload) noexcept;
    static int on_ready_to_send(void* self, char*, char*, int, int) noexcept;
    static int on_resolve(void*, void*, void* self) noexcept;
    static curl_socket_t on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept;

    SessionState& session_;
    EasyPointer easy_;
    ListPointer own_headers_;
    FormPointer form_;
    const ClientRequest* request_ = nullptr;
    Uploads uploads_;
    ClientResponse response_;
    std::string received_;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    std::exception_ptr upload_error_;
    std::string certificate_problem_;
    std::shared_ptr<const TlsConnection> ended_by_tls_; // whose end is the end of the body
    Event changed_;
    Timeout timeout_;
    engine::Nanoseconds started_at_ = 0;
    engine::Nanoseconds active_at_ = 0; // when the phase began, or data last moved
    engine::Nanoseconds tick_ = 0;      // the shortest limit
    std::size_t head_size_ = 0;
    std::size_t max_body_ = 0;
    CURLcode result_ = CURLE_OK;
    curl_off_t sent_ = 0;
    How how_ = How::finished;
    How refused_ = How::running; // why a callback has told libcurl to stop
    Phase phase_ = Phase::pool;
    bool is_plain_ = false; // the easy handle is set up for GET without a body
    bool is_streamed_ = false;
    bool is_receiving_paused_ = false;
    bool is_sending_paused_ = false;
    bool has_head_ = false;
    bool is_in_head_ = false;
    bool in_multi_ = false;
};

} // namespace hocket::http::detail
