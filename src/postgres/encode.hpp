#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hocket/detail/postgres/arguments.hpp>

namespace hocket::detail::postgres {

/// Arguments in the form that libpq takes.
class EncodedArguments {
public:
    /// Encodes `arguments` for parameters of these types. Throws DataError.
    EncodedArguments(const Arguments& arguments, std::span<const std::uint32_t> types);

    [[nodiscard]] int count() const noexcept { return static_cast<int>(lengths_.size()); }
    [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
    [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
    [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

private:
    std::string bytes_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_; // 0: text, 1: binary
};

} // namespace hocket::detail::postgres
