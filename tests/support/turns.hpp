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

/// How many turns to try next, for what takes nobody knows how many: one by one at first, then
/// faster, since a disk may take a million.
constexpr int next_step(int step) { return step + 1 + step / 8; }

/// What happened, in order.
using Log = std::vector<std::string>;

/// How a task that is done ended, in a word: "done", "cancelled", or the exception's text.
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
