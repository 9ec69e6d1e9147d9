#include "postgres/exclusive_use.hpp"

namespace hocket::detail::postgres {

ExclusiveUse::~ExclusiveUse() {
    if (request_) {
        state_->abandon(request_);
    } else if (is_granted_ && !error_) {
        state_->end_exclusive();
    }
}

void ExclusiveUse::wait() {
    if (!is_granted_) {
        auto request = make_request();
        request->kind = Request::Kind::exclusive;
        request->use = this;
        state_->submit(request);
        request_ = std::move(request);
    }
    is_waiting_ = true;
}

void ExclusiveUse::grant() noexcept {
    request_.reset();
    is_granted_ = true;
    on_ready();
}

void ExclusiveUse::on_ready() noexcept {
    if (std::exchange(is_waiting_, false)) {
        task_->wake();
    }
}

void ExclusiveUse::on_end(std::exception_ptr error) noexcept {
    request_.reset();
    error_ = std::move(error);
    on_ready();
}

bool ExclusiveUse::cancel(std::string_view) noexcept {
    if (!std::exchange(is_waiting_, false)) {
        return false;
    }
    if (request_) {
        state_->abandon(request_);
        request_.reset();
    }
    task_->interrupt();
    return true;
}

Coro<ResultPointer> next_result(ExclusiveUse& use) {
    while (::PQisBusy(use.libpq()) != 0) {
        co_await use;
    }
    co_return ResultPointer(::PQgetResult(use.libpq()));
}

} // namespace hocket::detail::postgres
