#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <hocket/detail/future_state.hpp>
#include <hocket/wait.hpp>

namespace hocket::detail {

/// Waits, as a thread, for any of several futures, which must outlive it.
class FutureCompletions {
public:
    /// Those of `futures` that are done already come first, in this order. The timeout counts from
    /// now.
    FutureCompletions(std::vector<FutureStateBase*> futures,
                      std::optional<std::chrono::nanoseconds> timeout);
    FutureCompletions(const FutureCompletions&) = delete;
    FutureCompletions& operator=(const FutureCompletions&) = delete;
    ~FutureCompletions();

    /// Blocks until the next one is done, and returns its index; nothing when none is left.
    /// TimeoutError.
    std::optional<std::size_t> next();
    /// Blocks until enough of them are, or the timeout passes.
    void wait(ReturnWhen return_when);

private:
    class Link final : public FutureWaiter {
    public:
        bool on_done() noexcept override;
        FutureCompletions* completions = nullptr;
    };

    std::optional<std::size_t> take();
    bool help();

    const std::vector<FutureStateBase*> futures_;
    const std::unique_ptr<Link[]> links_;
    const std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::size_t taken_ = 0;
    std::size_t helped_ = 0; // the futures up to here have been asked

    std::mutex mutex_; // guards order_
    std::condition_variable changed_;
    std::vector<std::size_t> order_;
};

} // namespace hocket::detail
