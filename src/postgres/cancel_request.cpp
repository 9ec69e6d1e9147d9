#include "postgres/cancel_request.hpp"

#include <array>
#include <utility>

namespace hocket::detail::postgres {

std::shared_ptr<CancelRequest> CancelRequest::start(CancelPointer cancel, engine::Reactor& reactor,
                                                    std::function<void()> when_done) {
    auto request =
        std::make_shared<CancelRequest>(std::move(cancel), reactor, std::move(when_done));
    request->performing_ = request;
    if (!engine::BlockingThreads::for_long_opens().submit(*request)) {
        request->performing_.reset();
        return nullptr;
    }
    return request;
}

void CancelRequest::forget() noexcept {
    const std::lock_guard lock(mutex_);
    reactor_ = nullptr;
}

void CancelRequest::perform() noexcept {
    const std::shared_ptr<CancelRequest> keep_alive = std::move(performing_);
    std::array<char, 256> error{};
    // If it fails, the query goes on, and the connection waits for its end.
    static_cast<void>(::PQcancel(cancel_.get(), error.data(), static_cast<int>(error.size())));
    // Under the lock, because otherwise the loop could be closed between the check and the post.
    const std::lock_guard lock(mutex_);
    if (reactor_ != nullptr) {
        posted_ = keep_alive;
        reactor_->post(*this);
    }
}

void CancelRequest::run() noexcept {
    const std::shared_ptr<CancelRequest> keep_alive = std::move(posted_);
    bool is_wanted = false;
    {
        const std::lock_guard lock(mutex_);
        is_wanted = reactor_ != nullptr;
    }
    if (is_wanted) {
        when_done_();
    }
}

void CancelRequest::discard() noexcept {
    const std::shared_ptr<CancelRequest> keep_alive = std::move(posted_);
}

} // namespace hocket::detail::postgres
