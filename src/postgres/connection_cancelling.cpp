#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "postgres/connection_state.hpp"
#include "postgres/exclusive_use.hpp"

namespace hocket::detail::postgres {

void ConnectionState::abandon(const RequestPointer& request) noexcept {
    request->sink = nullptr;
    request->use = nullptr;
    if (is_closed() || request->must_run) {
        return;
    }
    if (const auto found = std::find(unsent_.begin(), unsent_.end(), request);
        found != unsent_.end()) {
        unsent_.erase(found);
        // What waited behind it, such as an exclusive use, can begin.
        schedule();
        return;
    }
    if (request->statement) {
        std::erase(request->statement->waiting, request);
    }
    cancel_if_abandoned();
}

/// The server cancels what it executes when the request arrives. So a request is only made for the
/// query that is executed now.
void ConnectionState::cancel_if_abandoned() noexcept {
    if (mode_ != Mode::pipelined || sent_.empty() || cancel_) {
        return;
    }
    const RequestPointer& first = sent_.front().request;
    if (first && first->sink == nullptr && !first->must_run && !first->error) {
        cancel_on_server();
    }
}

void ConnectionState::cancel_on_server() noexcept {
    if (cancel_) {
        return;
    }
    for (const Sent& sent : sent_) {
        if (sent.request && sent.request != sent_.front().request) {
            sent.request->at_risk = true;
        }
    }
    CancelPointer cancel(::PQgetCancel(connection_));
    if (!cancel) {
        return;
    }
    cancel_ = CancelRequest::start(std::move(cancel), reactor_, [this] {
        const auto keep_alive = weak_from_this().lock();
        cancel_.reset();
        schedule();
        // The server ignores a request that arrives before it has begun with the query.
        loop_.call_later(std::chrono::milliseconds(100), [state = weak_from_this()] {
            if (const auto self = state.lock()) {
                self->cancel_again();
            }
        });
    });
}

void ConnectionState::cancel_again() noexcept {
    if (is_closed()) {
        return;
    }
    if (mode_ == Mode::draining) {
        cancel_on_server();
    } else {
        cancel_if_abandoned();
    }
}

void ConnectionState::end_exclusive() noexcept {
    exclusive_ = nullptr;
    if (is_closed()) {
        return;
    }
    if (::PQtransactionStatus(connection_) != PQTRANS_ACTIVE) {
        enter_pipeline();
        return;
    }
    mode_ = Mode::draining;
    cancel_on_server();
    drain();
}

/// Reads and drops the rest of the replies to a command that nobody waits for any more.
void ConnectionState::drain() noexcept {
    while (::PQisBusy(connection_) == 0) {
        const ResultPointer result(::PQgetResult(connection_));
        if (!result) {
            enter_pipeline();
            return;
        }
        switch (::PQresultStatus(result.get())) {
        case PGRES_COPY_IN:
            ::PQputCopyEnd(connection_, "the copy was cancelled");
            static_cast<void>(flush());
            break;
        case PGRES_COPY_OUT: {
            char* row = nullptr;
            int size = 0;
            while ((size = ::PQgetCopyData(connection_, &row, 1)) > 0) {
                ::PQfreemem(row);
            }
            if (size == 0) {
                return; // more will arrive
            }
            break;
        }
        default: break;
        }
    }
}

void ConnectionState::enter_pipeline() noexcept {
    ::PQenterPipelineMode(connection_);
    mode_ = Mode::pipelined;
    schedule();
}

} // namespace hocket::detail::postgres
