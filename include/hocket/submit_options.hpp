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
    int priority =
        0; ///< waiting work with a larger value starts first; equal values in order of submission
    OptionString name = {}; ///< used in reports and errors
};

} // namespace hocket
