#pragma once

#include <array>
#include <cstddef>

namespace hocket::gpu {

/// How often a kernel runs: once for each item of a line, a rectangle or a box of items. A number
/// converts to a line.
///
///     hocket::gpu::Grid line = 1'000'000;
///     hocket::gpu::Grid image = hocket::gpu::Grid(1920, 1080).in_groups_of(16, 8);
///
/// The items are divided into groups, which the device runs as units. Without `in_groups_of` the
/// driver chooses their size. CUDA runs whole groups only, so the last groups may reach beyond the
/// items: there, a kernel must compare its index with the number of items, which is its argument.
class Grid {
public:
    using Sizes = std::array<std::size_t, 3>;

    // NOLINTBEGIN(google-explicit-constructor): a number is a line
    Grid(std::size_t x) noexcept : dimensions_(1), items_{x, 1, 1} {}
    // NOLINTEND(google-explicit-constructor)
    Grid(std::size_t x, std::size_t y) noexcept : dimensions_(2), items_{x, y, 1} {}
    Grid(std::size_t x, std::size_t y, std::size_t z) noexcept : dimensions_(3), items_{x, y, z} {}

    /// The same items in groups of this size. Launching throws ValueError if the numbers of items
    /// are not multiples of it, and GpuError if the device does not support the size.
    [[nodiscard]] Grid in_groups_of(std::size_t x, std::size_t y = 1,
                                    std::size_t z = 1) const noexcept {
        Grid grid = *this;
        grid.group_ = {x, y, z};
        grid.has_groups_ = true;
        return grid;
    }

    [[nodiscard]] unsigned dimensions() const noexcept { return dimensions_; }
    [[nodiscard]] const Sizes& items() const noexcept { return items_; }
    [[nodiscard]] bool has_groups() const noexcept { return has_groups_; }
    /// The size of a group. Meaningful only if has_groups().
    [[nodiscard]] const Sizes& group() const noexcept { return group_; }

private:
    unsigned dimensions_;
    Sizes items_;
    Sizes group_{1, 1, 1};
    bool has_groups_ = false;
};

} // namespace hocket::gpu
