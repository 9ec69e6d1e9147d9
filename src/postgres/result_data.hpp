#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/libpq.hpp"

namespace hocket::detail::postgres {

/// What rows refer to: the result as libpq keeps it.
class ResultData {
public:
    explicit ResultData(ResultPointer result) noexcept
        : result_(std::move(result)),
          rows_(::PQntuples(result_.get())),
          columns_(::PQnfields(result_.get())) {}

    [[nodiscard]] PGresult* get() const noexcept { return result_.get(); }
    [[nodiscard]] int rows() const noexcept { return rows_; }
    [[nodiscard]] int columns() const noexcept { return columns_; }

private:
    ResultPointer result_;
    int rows_;
    int columns_;
};

} // namespace hocket::detail::postgres
