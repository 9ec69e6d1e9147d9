#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/event.hpp>

namespace hocket::http::detail {

class ClientRequest;

/// Is told that an upload has new data, or has failed.
class UploadOwner {
public:
    virtual void on_upload_data() noexcept = 0;
    virtual void on_upload_failure(std::exception_ptr error) noexcept = 0;

protected:
    ~UploadOwner() = default;
};

/// Passes the pieces of a generator to libcurl, one at a time: while libcurl has not taken one, the
/// generator is not asked for the next.
class Upload {
public:
    Upload(AsyncGenerator<std::string> pieces, std::optional<std::int64_t> size)
        : pieces_(std::move(pieces)), size_(size) {}

    /// Called by libcurl: copies up to `space` bytes. 0 means the end, CURL_READFUNC_PAUSE that
    /// there is nothing yet.
    [[nodiscard]] std::size_t take(char* into, std::size_t space) noexcept;
    [[nodiscard]] std::optional<std::int64_t> size() const noexcept { return size_; }
    /// Whether libcurl waits for data.
    [[nodiscard]] bool is_awaited() const noexcept { return is_awaited_; }
    void fail(std::exception_ptr error) noexcept;
    [[nodiscard]] UploadOwner* owner() const noexcept { return owner_; }
    void attach(UploadOwner* owner) noexcept { owner_ = owner; }

    /// Asks the generator for its pieces until it ends.
    static Coro<> run(std::shared_ptr<Upload> upload);

private:
    AsyncGenerator<std::string> pieces_;
    std::optional<std::int64_t> size_;
    UploadOwner* owner_ = nullptr;
    std::string piece_;
    std::size_t taken_ = 0;
    Event consumed_;
    bool is_awaited_ = false;
    bool has_ended_ = false;
};

using Uploads = std::vector<std::shared_ptr<Upload>>;

/// The uploads of a request whose body is a generator, a file, or a form with files; opens the
/// files. Throws std::system_error.
Coro<Uploads> open_uploads(ClientRequest& request);
/// Runs them one after the other. Failures go to their owner.
Coro<> run_uploads(Uploads uploads);

} // namespace hocket::http::detail
