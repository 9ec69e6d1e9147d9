#pragma once

#include <memory>

#include <hocket/detail/threads/future_state.hpp>

namespace hocket::detail {

/// A queue of futures, which are put into it as they are done. This is a handle. May be used from
/// any thread.
class CompletionQueue {
public:
    CompletionQueue();
    void put(FutureStateBase& done) const;
    /// Blocks until there is a future, then removes and returns it. `State` is the type of all of
    /// them.
    template <class State> [[nodiscard]] FuturePointer<State> get() const {
        return FuturePointer<State>(static_cast<State*>(take().release()));
    }

private:
    class Completed;
    [[nodiscard]] FuturePointer<FutureStateBase> take() const;

    std::shared_ptr<Completed> completed_;
};

} // namespace hocket::detail
