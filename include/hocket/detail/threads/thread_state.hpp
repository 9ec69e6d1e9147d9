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

/// The state shared by a Thread and the thread it started. The destructor reports the function's
/// exception if it was never retrieved. May be used from any thread.
class ThreadState : public std::enable_shared_from_this<ThreadState> {
public:
    /// If `name` is empty, "Thread-N" is used.
    ThreadState(std::string name, bool daemon);
    virtual ~ThreadState();
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    void start();
    /// Waits until the thread has ended. Returns false if `deadline` passes first. Does not throw
    /// the function's exception.
    bool wait_until(std::chrono::steady_clock::time_point deadline);
    void wait();
    /// Declares that the thread will not be waited for.
    void detach();
    /// Throws RuntimeError if waiting would never end.
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
    /// The holder of the future is responsible for the exception.
    [[nodiscard]] Future<> future() noexcept;

protected:
    /// Calls the function.
    virtual void invoke() = 0;
    /// Destroys the function and its arguments.
    virtual void release() noexcept = 0;

private:
    void run() noexcept;
    void reap();

    const std::string name_;
    const bool daemon_;
    ContextPointer context_;
    std::atomic<bool> start_called_{false};
    std::atomic<bool> retrieved_{false}; // the exception was retrieved or will be
    std::atomic<std::uint64_t> ident_{0};
    std::atomic<pid_t> native_id_{0}; // set last: means that the thread has started
    Promise<> promise_;
    Future<> future_ = promise_.get_future();
    struct Handle; // holds the thread; keeps <thread> out of this header
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
