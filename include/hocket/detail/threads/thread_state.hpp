#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <sys/types.h>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/future.hpp>

namespace hocket::detail {

/// What a Thread and the thread that it started share. The last one that lets go reports the
/// function's exception, if nobody has seen it. Any thread.
class ThreadState : public std::enable_shared_from_this<ThreadState> {
public:
    /// Without a name: "Thread-N".
    ThreadState(std::string name, bool daemon);
    virtual ~ThreadState();
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    void start();
    /// Waits until the thread has ended; false when it had not by `deadline`. Throws nothing of the
    /// function's.
    bool wait_until(std::chrono::steady_clock::time_point deadline);
    void wait();
    /// Nobody will wait for the thread.
    void detach();
    /// Throws RuntimeError where waiting could not end.
    void require_joinable() const;
    /// Throws the function's exception, if there was one.
    void rethrow();

    [[nodiscard]] bool is_started() const noexcept {
        return native_id_.load(std::memory_order_acquire) != 0;
    }
    [[nodiscard]] bool is_alive() const noexcept { return is_started() && !future_.done(); }
    [[nodiscard]] bool is_current() const noexcept;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool daemon() const noexcept { return daemon_; }
    [[nodiscard]] std::optional<std::uint64_t> ident() const noexcept;
    [[nodiscard]] std::optional<pid_t> native_id() const noexcept;
    /// Who has the future looks after the exception.
    [[nodiscard]] Future<> future() noexcept;

protected:
    /// Calls the function.
    virtual void invoke() = 0;
    /// Lets go of the function and its arguments.
    virtual void release() noexcept = 0;

private:
    void run() noexcept;
    void reap();

    const std::string name_;
    const bool daemon_;
    ContextPointer context_;
    std::atomic<bool> start_called_{false};
    std::atomic<bool> retrieved_{false}; // somebody has seen the exception, or will
    std::atomic<std::uint64_t> ident_{0};
    std::atomic<pid_t> native_id_{0}; // set last: it says that the thread has started
    Promise<> promise_;
    Future<> future_ = promise_.get_future();
    struct Handle; // of the thread; <thread> stays out of the header
    std::unique_ptr<Handle> handle_;
};

template <class F, class... Args> class ThreadCall final : public ThreadState {
public:
    template <class G, class... Given>
    ThreadCall(std::string name, bool daemon, G&& function, Given&&... arguments)
        : ThreadState(std::move(name), daemon),
          function_(std::in_place, std::forward<G>(function)),
          arguments_(std::in_place, std::forward<Given>(arguments)...) {}

private:
    void invoke() override {
        static_cast<void>(std::apply(std::move(*function_), std::move(*arguments_)));
    }
    void release() noexcept override {
        function_.reset();
        arguments_.reset();
    }

    std::optional<F> function_;
    std::optional<std::tuple<Args...>> arguments_;
};

} // namespace hocket::detail
