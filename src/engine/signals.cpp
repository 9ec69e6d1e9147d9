#include "engine/signals.hpp"

#include <cerrno>

#include "engine/inbox.hpp"

namespace hocket::engine {

namespace {

std::array<std::atomic<Signals*>, Signals::count> owners{};
// Handlers that are currently running: a loop must not be destroyed while one runs on another
// thread.
std::atomic<int> running_handlers{0};

bool is_valid(int signal) noexcept { return signal > 0 && signal < Signals::count; }

} // namespace

Signals::~Signals() {
    for (int signal = 1; signal < count; ++signal) {
        give_back(signal);
    }
}

bool Signals::has(int signal) const noexcept {
    return is_valid(signal) &&
           owners[static_cast<std::size_t>(signal)].load(std::memory_order_acquire) == this;
}

bool Signals::take(int signal) noexcept {
    if (!is_valid(signal)) {
        errno = EINVAL;
        return false;
    }
    if (has(signal)) {
        return true;
    }
    Signals* nobody = nullptr;
    auto& owner = owners[static_cast<std::size_t>(signal)];
    if (!owner.compare_exchange_strong(nobody, this)) {
        errno = EBUSY;
        return false;
    }
    struct sigaction action {};
    action.sa_handler = &Signals::handle;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    if (::sigaction(signal, &action, &before_[static_cast<std::size_t>(signal)]) != 0) {
        owner.store(nullptr);
        return false;
    }
    return true;
}

bool Signals::give_back(int signal) noexcept {
    if (!has(signal)) {
        return false;
    }
    ::sigaction(signal, &before_[static_cast<std::size_t>(signal)], nullptr);
    owners[static_cast<std::size_t>(signal)].store(nullptr, std::memory_order_seq_cst);
    while (running_handlers.load(std::memory_order_seq_cst) != 0) {
    }
    return true;
}

void Signals::forget_all() noexcept {
    for (auto& owner : owners) {
        owner.store(nullptr);
    }
    running_handlers.store(0); // their threads exist only in the parent
}

void Signals::give_back_in_child() noexcept {
    for (std::size_t signal = 1; signal < count; ++signal) {
        if (const Signals* const owner = owners[signal].load()) {
            ::sigaction(static_cast<int>(signal), &owner->before_[signal], nullptr);
        }
    }
    forget_all();
}

void Signals::handle(int signal) {
    const int saved = errno;
    running_handlers.fetch_add(1, std::memory_order_seq_cst);
    if (Signals* owner = owners[static_cast<std::size_t>(signal)].load(std::memory_order_seq_cst)) {
        owner->arrived_.fetch_or(std::uint64_t{1} << (signal - 1), std::memory_order_release);
        owner->inbox_.wake();
    }
    running_handlers.fetch_sub(1, std::memory_order_seq_cst);
    errno = saved;
}

} // namespace hocket::engine
