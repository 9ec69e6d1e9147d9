#pragma once

#include <memory>

#include <hocket/detail/threads/future_state.hpp>

namespace hocket::detail {

/// Futures in the order in which they are put here, as they are done. A handle. Any thread.
class CompletionQueue {
public:
    CompletionQueue();
    void put(FutureStateBase& done) const;
    /// Blocks until there is one. `State` is the type of all of them.
    template <class State> [[nodiscard]] FuturePointer<State> get() const {
        return FuturePointer<State>(static_cast<State*>(take().release()));
    }

private:
    class Completed;
    [[nodiscard]] FuturePointer<FutureStateBase> take() const;

    std::shared_ptr<Completed> completed_;
};

} // namespace hocket::detail
