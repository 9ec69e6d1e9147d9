#include "engine/pool/answer_collector.hpp"

namespace hocket::engine {

void AnswerCollector::enter(SharedEventcount& eventcount) noexcept {
    is_wanted_.store(true, std::memory_order_seq_cst);
    while (!try_enter()) {
        eventcount.notify_all();
        is_busy_.wait(true, std::memory_order_acquire);
    }
    is_wanted_.store(false, std::memory_order_relaxed);
}

void AnswerCollector::leave() noexcept {
    thread_.store(std::thread::id(), std::memory_order_relaxed);
    is_busy_.store(false, std::memory_order_seq_cst);
    is_busy_.notify_all();
}

} // namespace hocket::engine
