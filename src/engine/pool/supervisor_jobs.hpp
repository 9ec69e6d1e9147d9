#pragma once

#include <atomic>

#include "engine/reactor.hpp"

namespace hocket::engine {

/// A member function of the pool that runs on the supervisor's thread when it is requested, once
/// for any number of requests until then. Any thread may request it.
template <class Pool> class SupervisorJob final : public Runnable {
public:
    using Function = void (Pool::*)();

    SupervisorJob(Reactor& reactor, Pool& pool, Function function) noexcept
        : reactor_(reactor), pool_(pool), function_(function) {}
    void request() noexcept {
        if (!is_requested_.exchange(true)) {
            reactor_.post(*this);
        }
    }

private:
    void run() noexcept override {
        is_requested_.store(false);
        (pool_.*function_)();
    }

    Reactor& reactor_;
    Pool& pool_;
    const Function function_;
    std::atomic<bool> is_requested_{false};
};

/// The same for a point in time.
template <class Pool> class SupervisorTimer final : public Timer {
public:
    using Function = void (Pool::*)();

    SupervisorTimer(Pool& pool, Function function) noexcept : pool_(pool), function_(function) {}

private:
    void expire() noexcept override { (pool_.*function_)(); }

    Pool& pool_;
    const Function function_;
};

} // namespace hocket::engine
