#include "engine/pool/call_queue.hpp"

#include <utility>

namespace hocket::engine {

void CallQueue::push_back(PoolCall& call, std::string body) {
    by_priority_[call.priority].push_back(&call);
    call.body_ = std::move(body);
    call.state_ = PoolCall::State::waiting;
    ++count_;
}

void CallQueue::push_front(const std::vector<PoolCall*>& calls) {
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
        by_priority_[(*call)->priority].push_front(*call);
        (*call)->state_ = PoolCall::State::waiting;
        ++count_;
    }
}

PoolCall* CallQueue::front() {
    while (!by_priority_.empty()) {
        auto& queue = by_priority_.begin()->second;
        while (!queue.empty()) {
            if (queue.front()->state_ == PoolCall::State::waiting) {
                return queue.front();
            }
            queue.front()->release(); // it was withdrawn
            queue.pop_front();
        }
        by_priority_.erase(by_priority_.begin());
    }
    return nullptr;
}

void CallQueue::pop_front() noexcept {
    by_priority_.begin()->second.pop_front();
    --count_;
}

void CallQueue::withdraw(PoolCall& call) noexcept {
    call.state_ = PoolCall::State::left;
    --count_;
}

void CallQueue::take_all(std::vector<PoolCall*>& calls) {
    while (PoolCall* const call = front()) {
        pop_front();
        call->state_ = PoolCall::State::left;
        calls.push_back(call);
    }
}

} // namespace hocket::engine
