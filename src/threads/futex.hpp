#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace hocket::detail {

/// Sleeps while `word` is `expected`, until it is woken or the time is over; may return early.
void wait_on_futex(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                   std::optional<std::chrono::nanoseconds> timeout = {}) noexcept;
/// Wakes one sleeper. `word` need not be alive any more.
void wake_futex(std::atomic<std::uint32_t>& word) noexcept;

} // namespace hocket::detail
