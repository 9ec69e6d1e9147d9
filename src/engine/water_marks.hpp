#pragma once

#include <cstddef>
#include <limits>
#include <optional>

namespace hocket::engine {

/// Flow control of one buffer: filling pauses when its size exceeds the high-water mark and resumes
/// when at most the low-water mark is left. Between the two nothing changes, so that a buffer near
/// one mark does not pause and resume with every byte.
class WaterMarks {
public:
    static constexpr std::size_t default_high = std::size_t{64} * 1024;

    constexpr WaterMarks() noexcept = default;
    /// Requires `low` <= `high`.
    constexpr WaterMarks(std::size_t high, std::size_t low) noexcept : high_(high), low_(low) {}

    /// Defaults: `high` 64 KiB (or four times `low`), `low` a quarter of `high`. If low would be
    /// above high, returns false and changes nothing.
    [[nodiscard]] bool set(std::optional<std::size_t> high,
                           std::optional<std::size_t> low) noexcept {
        const std::size_t new_high = high ? *high : low ? four_times(*low) : default_high;
        const std::size_t new_low = low ? *low : new_high / 4;
        if (new_low > new_high) {
            return false;
        }
        high_ = new_high;
        low_ = new_low;
        return true;
    }
    [[nodiscard]] std::size_t high() const noexcept { return high_; }
    [[nodiscard]] std::size_t low() const noexcept { return low_; }

    /// Whether filling is paused.
    [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
    /// Call this when the buffer has grown to `size`: pauses above the high-water mark. Returns
    /// whether this call paused.
    [[nodiscard]] bool pause_at(std::size_t size) noexcept {
        if (is_paused_ || size <= high_) {
            return false;
        }
        is_paused_ = true;
        return true;
    }
    /// Call this when the buffer has shrunk to `size`: resumes at the low-water mark. Returns
    /// whether this call resumed.
    [[nodiscard]] bool resume_at(std::size_t size) noexcept {
        if (!is_paused_ || size > low_) {
            return false;
        }
        is_paused_ = false;
        return true;
    }

private:
    static constexpr std::size_t four_times(std::size_t low) noexcept {
        constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
        return low > most / 4 ? most : 4 * low;
    }

    std::size_t high_ = default_high;
    std::size_t low_ = default_high / 4;
    bool is_paused_ = false;
};

} // namespace hocket::engine
