#pragma once

#include <chrono>
#include <optional>

#include <hocket/option_string.hpp>

namespace hocket {

/// Options of Executor::submit.
struct SubmitOptions {
    /// The future fails with TimeoutError if the work has not started within this time. Work that
    /// has started on a thread cannot be stopped, and runs to its end. Unset means no limit.
    std::optional<std::chrono::nanoseconds> timeout = {};
    /// Waiting work with a larger value starts first; equal values start in order of submission.
    int priority = 0;
    OptionString name = {}; ///< used in reports and errors
};

} // namespace hocket
