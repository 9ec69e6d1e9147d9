#pragma once

#include <utility>
#include <vector>

#include <hocket/wait.hpp>

/// Waits until `task` is done, however it ends.
template <class T> hocket::Coro<> end_of(hocket::Task<T> task) {
    std::vector<hocket::Task<T>> tasks;
    tasks.push_back(std::move(task));
    co_await hocket::wait(std::move(tasks));
}
