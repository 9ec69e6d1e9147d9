#include <hocket/thread.hpp>

#include <mutex>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "loop/report.hpp"

namespace hocket {

namespace detail {

namespace {

std::string next_thread_name() {
    static std::atomic<std::uint64_t> last{0};
    return "Thread-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

std::uint64_t current_ident() noexcept {
    return reinterpret_cast<std::uint64_t>(::pthread_self()); // NOLINT: a pointer with glibc
}

} // namespace

struct ThreadState::Handle {
    std::mutex mutex; // guards what follows
    std::thread thread;
};

ThreadState::ThreadState(std::string name, bool daemon)
    : name_(name.empty() ? next_thread_name() : std::move(name)),
      daemon_(daemon),
      context_(copy_current_context()),
      handle_(std::make_unique<Handle>()) {}

ThreadState::~ThreadState() {
    if (!future_.done() || future_.cancelled() || retrieved_.load(std::memory_order_acquire)) {
        return;
    }
    if (const std::exception_ptr error = future_.exception()) {
        report_thread_exception("exception in thread '" + name_ + "', which was never joined",
                                error);
    }
}

void ThreadState::start() {
    if (start_called_.exchange(true)) {
        throw RuntimeError("the thread '" + name_ +
                           "' has already been started: a Thread starts only once");
    }
    try {
        const std::scoped_lock lock(handle_->mutex);
        handle_->thread = std::thread([self = shared_from_this()] { self->run(); });
    } catch (...) {
        start_called_ = false;
        throw;
    }
    native_id_.wait(0, std::memory_order_acquire);
}

void ThreadState::run() noexcept {
    ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
    current_context() = std::move(context_);
    ident_.store(current_ident(), std::memory_order_relaxed);
    native_id_.store(::gettid(), std::memory_order_release);
    native_id_.notify_all();
    std::exception_ptr error;
    if (!promise_.set_running_or_notify_cancel()) {
        release();
        return;
    }
    try {
        invoke();
    } catch (...) {
        error = std::current_exception();
    }
    release(); // on this thread, before the future is completed
    if (error) {
        promise_.set_exception(std::move(error));
    } else {
        promise_.set_result();
    }
}

bool ThreadState::is_current() const noexcept {
    return is_started() && ident_.load(std::memory_order_relaxed) == current_ident();
}

void ThreadState::require_joinable() const {
    if (!is_started()) {
        throw RuntimeError("cannot join the thread '" + name_ + "' before it is started");
    }
    if (is_current()) {
        throw RuntimeError("the thread '" + name_ + "' cannot join itself");
    }
}

void ThreadState::wait() {
    future_.state().wait();
    reap();
}

bool ThreadState::wait_until(std::chrono::steady_clock::time_point deadline) {
    if (!future_.state().wait_until(deadline)) {
        return false;
    }
    reap();
    return true;
}

// The function has returned and the thread is about to end. Any number of threads may call this.
void ThreadState::reap() {
    const std::scoped_lock lock(handle_->mutex);
    if (handle_->thread.joinable()) {
        handle_->thread.join();
    }
}

void ThreadState::detach() {
    const std::scoped_lock lock(handle_->mutex);
    if (handle_->thread.joinable()) {
        handle_->thread.detach();
    }
}

void ThreadState::rethrow() {
    retrieved_.store(true, std::memory_order_release);
    future_.result();
}

std::optional<std::uint64_t> ThreadState::ident() const noexcept {
    return is_started() ? std::optional(ident_.load(std::memory_order_relaxed)) : std::nullopt;
}

std::optional<pid_t> ThreadState::native_id() const noexcept {
    return is_started() ? std::optional(native_id_.load(std::memory_order_relaxed)) : std::nullopt;
}

Future<> ThreadState::future() noexcept {
    retrieved_.store(true, std::memory_order_release);
    return future_;
}

} // namespace detail

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this != &other) {
        let_go();
        state_ = std::move(other.state_);
    }
    return *this;
}

Thread::~Thread() { let_go(); }

void Thread::let_go() noexcept {
    if (!state_ || !state_->is_started()) {
        return;
    }
    if (state_->daemon() || state_->is_current()) {
        state_->detach();
    } else {
        state_->wait();
    }
}

void Thread::join() {
    // A copy, because this Thread may be destroyed once the function has ended.
    const auto state = state_;
    this->state().require_joinable();
    state->wait();
    state->rethrow();
}

bool Thread::join_until(std::chrono::steady_clock::time_point deadline) {
    const auto state = state_;
    this->state().require_joinable();
    if (!state->wait_until(deadline)) {
        return false;
    }
    state->rethrow();
    return true;
}

detail::ThreadState& Thread::state() const {
    if (!state_) {
        throw RuntimeError("this Thread is empty: it was moved from");
    }
    return *state_;
}

} // namespace hocket
