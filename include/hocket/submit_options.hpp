#pragma once

#include <chrono>
#include <optional>

#include <hocket/option_string.hpp>

namespace hocket {

/// How a piece of work is submitted.
struct SubmitOptions {
    /// The future fails with TimeoutError when the work has not started within it. A thread that
    /// runs cannot be stopped, so that what has started ends in its own time. Unset: for ever.
    std::optional<std::chrono::nanoseconds> timeout = {};
    int priority = 0; ///< of what waits, the larger starts first; equals in order of submission
    OptionString name = {}; ///< what reports and errors call it
};

} // namespace hocket
