#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "loop/frame_allocator.hpp"
#include "postgres/libpq.hpp"

namespace hocket::detail::postgres {

/// What rows refer to: the result as libpq keeps it.
class ResultData {
public:
    explicit ResultData(ResultPointer result) noexcept
        : result_(std::move(result)),
          rows_(::PQntuples(result_.get())),
          columns_(::PQnfields(result_.get())) {
        const auto kept = std::min<std::size_t>(types_.size(), static_cast<std::size_t>(columns_));
        for (std::size_t i = 0; i < kept; ++i) {
            types_[i] = ::PQftype(result_.get(), static_cast<int>(i));
        }
    }

    [[nodiscard]] PGresult* get() const noexcept { return result_.get(); }
    [[nodiscard]] int rows() const noexcept { return rows_; }
    [[nodiscard]] int columns() const noexcept { return columns_; }
    [[nodiscard]] std::uint32_t type(std::size_t column) const noexcept {
        return column < types_.size() ? types_[column]
                                      : ::PQftype(result_.get(), static_cast<int>(column));
    }

private:
    ResultPointer result_;
    int rows_;
    int columns_;
    std::array<std::uint32_t, 16> types_; // of the first columns: a call less for each value
};

[[nodiscard]] inline std::shared_ptr<const ResultData> share(ResultPointer result) {
    return std::allocate_shared<const ResultData>(FrameAllocator<ResultData>(), std::move(result));
}

} // namespace hocket::detail::postgres
