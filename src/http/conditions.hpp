#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/headers.hpp>

#include "http/file_version.hpp"

namespace hocket::http::detail {

/// What the conditions of a request for a file lead to.
enum class Condition { send, not_modified, failed };

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
/// 9110, 13.2.2.
[[nodiscard]] Condition evaluate_conditions(const Headers& headers, const FileVersion& version);

/// Whether a request has a field that the answer depends on.
[[nodiscard]] bool is_conditional(const Headers& headers) noexcept;

/// The part of a file that a Range asks for; size 0: it is not in the file.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// Empty if the whole file is to be sent: there is no Range, or several parts, or one that is
/// malformed, or If-Range does not hold.
[[nodiscard]] std::optional<ByteRange> requested_range(const Headers& headers,
                                                       const FileVersion& version);

} // namespace hocket::http::detail
