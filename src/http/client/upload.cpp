#include "http/client/upload.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <curl/curl.h>

#include <hocket/errors.hpp>
#include <hocket/file.hpp>

#include "http/client/client_request.hpp"

namespace hocket::http::detail {
namespace {

constexpr std::ptrdiff_t piece_size = 64 * 1024;

AsyncGenerator<std::string> pieces_of(File file) {
    for (;;) {
        std::string piece = co_await file.read(piece_size);
        if (piece.empty()) break;
        co_yield std::move(piece);
    }
}

Coro<std::shared_ptr<Upload>> open_file(std::string path) {
    File file = co_await open(path, "r");
    const files::StatResult stat = co_await file.stat();
    const auto size = static_cast<std::int64_t>(stat.size);
    co_return std::make_shared<Upload>(pieces_of(std::move(file)), size);
}

} // namespace

std::size_t Upload::take(char* into, std::size_t space) noexcept {
    const std::size_t count = std::min(space, piece_.size() - taken_);
    if (count == 0) {
        is_awaited_ = !has_ended_;
        return has_ended_ ? 0 : CURL_READFUNC_PAUSE;
    }
    std::memcpy(into, piece_.data() + taken_, count);
    taken_ += count;
    if (taken_ == piece_.size()) consumed_.set();
    return count;
}

void Upload::fail(std::exception_ptr error) noexcept {
    if (owner_ != nullptr) owner_->on_upload_failure(std::move(error));
}

Coro<> Upload::run(std::shared_ptr<Upload> upload) {
    for (;;) {
        std::optional<std::string> piece = co_await upload->pieces_.next();
        if (piece && piece->empty()) continue;
        upload->has_ended_ = !piece.has_value();
        upload->piece_ = std::move(piece).value_or(std::string());
        upload->taken_ = 0;
        upload->consumed_.clear();
        if (std::exchange(upload->is_awaited_, false) && upload->owner_ != nullptr) {
            upload->owner_->on_upload_data();
        }
        if (upload->has_ended_) co_return;
        co_await upload->consumed_.wait();
    }
}

Coro<Uploads> open_uploads(ClientRequest& request) {
    Uploads uploads;
    if (request.is_file) {
        uploads.push_back(co_await open_file(request.body));
    } else if (request.generator) {
        uploads.push_back(std::make_shared<Upload>(std::move(*request.generator), std::nullopt));
    } else if (request.form) {
        for (const Multipart::Part& part : request.form->parts()) {
            if (part.is_file) uploads.push_back(co_await open_file(part.content));
        }
    }
    co_return uploads;
}

Coro<> run_uploads(Uploads uploads) {
    for (const auto& upload : uploads) {
        try {
            co_await Upload::run(upload);
        } catch (const CancelledError&) {
            throw;
        } catch (...) {
            upload->fail(std::current_exception());
            co_return;
        }
    }
}

} // namespace hocket::http::detail
