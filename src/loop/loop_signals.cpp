#include <bit>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/wait_signal.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "loop/signal_wait.hpp"

namespace hocket {

namespace detail {

std::string signal_task_name(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    return name != nullptr ? std::string("handler of SIG") + name
                           : "handler of signal " + std::to_string(signal);
}

void EventLoopState::take_signal(int signal) {
    if (signal < 1 || signal >= engine::Signals::count) {
        throw ValueError("signal " + std::to_string(signal) + " is out of range: 1 to " +
                         std::to_string(engine::Signals::count - 1) + " are allowed");
    }
    if (!reactor.signals().take(signal)) {
        throw RuntimeError(
            "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ") " +
            (errno == EBUSY ? "is handled by another event loop" : "cannot be caught"));
    }
}

void EventLoopState::give_back_signal(int signal) noexcept {
    if (signal_handlers[static_cast<std::size_t>(signal)]) {
        return;
    }
    for (SignalWait* wait = signal_waits.front(); wait != nullptr;
         wait = signal_waits.after(*wait)) {
        if (wait->waits_for(signal)) {
            return;
        }
    }
    reactor.signals().give_back(signal);
}

void EventLoopState::on_signal(int signal) noexcept {
    bool is_awaited = false;
    for (SignalWait* wait = signal_waits.front(); wait != nullptr;) {
        SignalWait* const next = signal_waits.after(*wait);
        if (wait->waits_for(signal)) {
            signal_waits.erase(*wait);
            wait->deliver(signal);
            is_awaited = true;
        }
        wait = next;
    }
    // A copy: the handler may remove itself.
    const auto handler = signal_handlers[static_cast<std::size_t>(signal)];
    if (is_awaited || !handler) {
        return;
    }
    try {
        handler();
    } catch (...) {
        report_exception(
            core, std::string("exception in the handler of signal ") + std::to_string(signal),
            std::current_exception());
    }
}

SignalWait::SignalWait(EventLoopState& loop, const std::vector<int>& signals) : loop_(loop) {
    try {
        for (const int signal : signals) {
            loop_.take_signal(signal);
            signals_ |= std::uint64_t{1} << (signal - 1);
        }
    } catch (...) {
        give_back();
        throw;
    }
}

int SignalWait::await_resume() {
    const bool is_cancelled = task_->take_cancellation();
    leave();
    if (!is_cancelled) {
        return came_;
    }
    if (came_ != 0) {
        if (loop_.reactor.signals().has(came_)) {
            loop_.on_signal(came_);
        } else {
            ::raise(came_);
        }
    }
    task_->throw_cancelled();
}

bool SignalWait::cancel(std::string_view) noexcept {
    if (!is_linked()) {
        return false;
    }
    leave();
    task_->interrupt();
    return true;
}

void SignalWait::leave() noexcept {
    if (is_linked()) {
        loop_.signal_waits.erase(*this);
    }
    give_back();
}

void SignalWait::give_back() noexcept {
    std::uint64_t left = std::exchange(signals_, 0);
    for (; left != 0; left &= left - 1) {
        loop_.give_back_signal(std::countr_zero(left) + 1);
    }
}

Coro<int> wait_signal(std::vector<int> signals) {
    SignalWait wait(require_running_core().loop->state(), signals);
    co_return co_await wait;
}

} // namespace detail

void EventLoop::add_signal_handler(int signal, std::function<void()> handler) {
    detail::require_usable(*this);
    state_->take_signal(signal);
    state_->signal_handlers[static_cast<std::size_t>(signal)] = std::move(handler);
}

bool EventLoop::remove_signal_handler(int signal) {
    if (signal < 1 || signal >= engine::Signals::count ||
        !std::exchange(state_->signal_handlers[static_cast<std::size_t>(signal)], nullptr)) {
        return false;
    }
    state_->give_back_signal(signal);
    return true;
}

void EventLoop::print_tasks_on_signal(int signal) {
    add_signal_handler(signal, [this] { print_tasks(std::cerr); });
}

} // namespace hocket
