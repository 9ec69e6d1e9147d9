#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <hocket/detail/threads/future_state.hpp>
#include <hocket/wait.hpp>

namespace hocket::detail {

/// Waits, as a thread, for any of several futures, which must outlive it.
class FutureCompletions {
public:
    /// Those of `futures` that are done already come first, in this order. The timeout counts from
    /// now.
    FutureCompletions(std::vector<FutureStateBase*> futures,
                      std::optional<std::chrono::nanoseconds> timeout);
    FutureCompletions(FutureCompletions&&) noexcept;
    FutureCompletions& operator=(FutureCompletions&&) noexcept;
    ~FutureCompletions();

    /// Blocks until the next one is done, and returns its index; nothing when none is left.
    /// TimeoutError.
    std::optional<std::size_t> next();
    /// Blocks until enough of them are, or the timeout passes.
    void wait(ReturnWhen return_when);

private:
    class State; // and with it what blocks threads, which costs much to compile
    std::unique_ptr<State> state_;
};

/// Whether each of `futures` is the first of its kind, in their order.
[[nodiscard]] std::vector<bool> first_ones(const std::vector<FutureStateBase*>& futures);

} // namespace hocket::detail
