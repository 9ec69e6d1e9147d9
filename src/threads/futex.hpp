#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace hocket::detail {

/// Sleeps while `word` is `expected`, until it is woken or `timeout` has passed. May return early.
void wait_on_futex(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                   std::optional<std::chrono::nanoseconds> timeout = {}) noexcept;
/// Wakes one sleeper. `word` may already be destroyed.
void wake_futex(std::atomic<std::uint32_t>& word) noexcept;

} // namespace hocket::detail
