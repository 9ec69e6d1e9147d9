#include "http/application.hpp"

#include <algorithm>

#include "http/connection.hpp"
#include "http/http_date.hpp"

namespace hocket::http::detail {

using namespace std::chrono_literals;

LoopState::LoopState(EventLoop& loop, std::shared_ptr<const Application> application)
    : loop_(loop), application_(std::move(application)) {
    // Fine enough for the shortest time, and not finer than anybody needs.
    const ServeLimits& limits = application_->limits;
    const auto shortest =
        std::min({limits.head_time, limits.idle_time, limits.body_time, limits.write_time});
    period_ = std::clamp<std::chrono::nanoseconds>(shortest / 4, 5ms, 1s);
}

LoopState::~LoopState() { timer_.cancel(); }

void LoopState::add(Connection& connection) {
    connections_.push_back(connection);
    if (!is_ticking_) start_timer();
}

void LoopState::remove(Connection& connection) noexcept { connections_.erase(connection); }

void LoopState::start_timer() {
    is_ticking_ = true;
    timer_ = loop_.call_later(period_, [weak = weak_from_this()] {
        if (const auto state = weak.lock()) state->on_tick();
    });
}

void LoopState::on_tick() {
    ++tick_;
    for (Connection* next = connections_.front(); next != nullptr;) {
        Connection& connection = *next;
        next = connections_.after(connection);
        connection.on_tick();
    }
    is_ticking_ = false;
    if (!connections_.empty()) start_timer();
}

LoopState::Tick LoopState::after(std::chrono::nanoseconds time) const noexcept {
    // The present tick began some time ago.
    return tick_ + 1 + static_cast<Tick>((time + period_ - 1ns) / period_);
}

double LoopState::seconds(Tick ticks) const noexcept {
    return static_cast<double>(ticks) * std::chrono::duration<double>(period_).count();
}

std::string_view LoopState::date_line() {
    const std::time_t now = std::time(nullptr);
    if (now != date_time_) {
        date_time_ = now;
        date_line_ = "Date: " + format_http_date(now) + "\r\n";
    }
    return date_line_;
}

} // namespace hocket::http::detail
