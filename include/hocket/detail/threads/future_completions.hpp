#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <hocket/detail/threads/future_state.hpp>
#include <hocket/wait.hpp>

namespace hocket::detail {

/// Blocks a thread until any of several futures is done. The futures must outlive it.
class FutureCompletions {
public:
    /// Futures that are already done come first, in the order of `futures`. The timeout starts now.
    FutureCompletions(std::vector<FutureStateBase*> futures,
                      std::optional<std::chrono::nanoseconds> timeout);
    FutureCompletions(FutureCompletions&&) noexcept;
    FutureCompletions& operator=(FutureCompletions&&) noexcept;
    ~FutureCompletions();

    /// Blocks until the next future is done and returns its index; empty if none is left. Throws
    /// TimeoutError if the timeout passes.
    std::optional<std::size_t> next();
    /// Blocks until enough of them are done or the timeout passes.
    void wait(ReturnWhen return_when);

private:
    class State; // defined in the .cpp: the headers for blocking threads are slow to compile
    std::unique_ptr<State> state_;
};

/// For each of `futures`, in order: whether it has not occurred earlier in the vector.
[[nodiscard]] std::vector<bool> first_ones(const std::vector<FutureStateBase*>& futures);

} // namespace hocket::detail
