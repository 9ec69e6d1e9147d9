#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <hocket/engine/pool_call.hpp>

namespace hocket::engine {

/// The calls of a pool that no worker has, the most urgent first; those of the same priority in the
/// order of their submission. Guarded by the pool's lock.
class CallQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    void push_back(PoolCall& call, std::string body);
    /// Puts calls back that were taken out, oldest first. They still have their bodies.
    void push_front(const std::vector<PoolCall*>& calls);
    /// The next call; nullptr if there is none.
    [[nodiscard]] PoolCall* front();
    /// Takes it out.
    void pop_front() noexcept;
    /// Takes out a call that waits. The queue keeps its reference until the call is at the front.
    void withdraw(PoolCall& call) noexcept;
    void take_all(std::vector<PoolCall*>& calls);

private:
    std::map<int, std::deque<PoolCall*>, std::greater<>> by_priority_;
    std::size_t count_ = 0;
};

} // namespace hocket::engine
