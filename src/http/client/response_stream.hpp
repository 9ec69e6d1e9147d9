#pragma once

#include <memory>
#include <optional>
#include <string>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/http/client_response.hpp>
#include <hocket/task.hpp>

#include "http/client/client_request.hpp"
#include "http/client/session_state.hpp"

namespace hocket::http::detail {

/// Runs a request's uploads as a task, which is cancelled at the end of its scope.
class UploadTask {
public:
    UploadTask() = default;
    explicit UploadTask(const Uploads& uploads) {
        if (!uploads.empty()) task_ = create_task(run_uploads(uploads));
    }
    UploadTask(UploadTask&& other) noexcept : task_(std::exchange(other.task_, std::nullopt)) {}
    UploadTask& operator=(UploadTask&& other) noexcept {
        std::swap(task_, other.task_);
        return *this;
    }
    ~UploadTask() {
        // Not while a loop is being closed, which ends its tasks in another way.
        const bool runs = hocket::detail::running_core() != nullptr;
        if (task_ && runs && !task_->done()) task_->cancel();
    }

private:
    std::optional<Task<>> task_;
};

/// A response whose body is being received.
class ResponseStream {
public:
    ResponseStream(std::unique_ptr<ClientRequest> request, ExchangeLease exchange,
                   UploadTask uploads, ClientResponse head, std::size_t max_body);

    [[nodiscard]] const ClientResponse& head() const noexcept { return head_; }
    static Coro<std::string> read_some(std::shared_ptr<ResponseStream> stream);
    void close() noexcept;
    [[nodiscard]] std::size_t max_body() const noexcept { return max_body_; }
    [[noreturn]] void throw_too_large() const;

private:
    std::unique_ptr<ClientRequest> request_;
    std::optional<ExchangeLease> exchange_;
    UploadTask uploads_;
    ClientResponse head_;
    std::size_t max_body_;
    bool is_reading_ = false;
};

/// Sends requests, and follows redirects.
Coro<ClientResponse> send(std::shared_ptr<SessionState> session,
                          std::unique_ptr<ClientRequest> request);
Coro<std::shared_ptr<ResponseStream>> send_streamed(std::shared_ptr<SessionState> session,
                                                    std::unique_ptr<ClientRequest> request);

} // namespace hocket::http::detail
