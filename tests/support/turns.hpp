#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <hocket/errors.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>

/// Lets everything else that is ready run, `count` times.
inline hocket::Coro<> turns(int count = 1) {
    for (int i = 0; i < count; ++i) {
        co_await hocket::sleep(std::chrono::seconds(0));
    }
}

/// The next number of turns to try, if the needed number is unknown: grows by one at first, then
/// faster, because a disk may take a million turns.
constexpr int next_step(int step) { return step + 1 + step / 8; }

/// The events, in order.
using Log = std::vector<std::string>;

/// How a finished task ended: "done", "cancelled", or the exception's text.
inline std::string ending(const hocket::AnyTask& task) {
    if (task.cancelled()) {
        return "cancelled";
    }
    try {
        if (task.exception() != nullptr) {
            std::rethrow_exception(task.exception());
        }
    } catch (const std::exception& error) {
        return error.what();
    }
    return "done";
}
